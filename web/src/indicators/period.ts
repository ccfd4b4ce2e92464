/** Periods as they stand in the address: kind and a day in it, or a span of days. */
import { computed } from "vue";
import { useRoute, useRouter } from "vue-router";

import { language } from "../i18n";
import type { Asked, Kind } from "./shapes";

export const KINDS: Kind[] = ["day", "week", "month", "quarter", "year", "span"];
const zone = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" });
export const today = (): string => zone.format(new Date());

const parsed = (day: string): Date => new Date(`${day}T00:00:00Z`);
const iso = (at: Date): string => at.toISOString().slice(0, 10);

export function plus(day: string, days: number): string {
  const at = parsed(day);
  at.setUTCDate(at.getUTCDate() + days);
  return iso(at);
}

function plusMonths(day: string, months: number): string {
  const at = parsed(`${day.slice(0, 7)}-01`);
  at.setUTCMonth(at.getUTCMonth() + months);
  return iso(at);
}

/** A day in the period before or behind. */
export function moved(kind: Kind, day: string, by: number): string {
  switch (kind) {
    case "week": return plus(day, 7 * by);
    case "month": return plusMonths(day, by);
    case "quarter": return plusMonths(day, 3 * by);
    case "year": return plusMonths(day, 12 * by);
    default: return plus(day, by);
  }
}

/** "2026年11月", "Q4 2026", "2026-11-23 – 11-29" */
export function called(kind: Kind, day: string): string {
  const zh = language.value === "zh";
  const [year, month] = [day.slice(0, 4), Number(day.slice(5, 7))];
  switch (kind) {
    case "year": return zh ? `${year}年` : year;
    case "quarter": return zh ? `${year}年${Math.ceil(month / 3)}季度` : `Q${Math.ceil(month / 3)} ${year}`;
    case "month": return zh ? `${year}年${month}月` : day.slice(0, 7);
    case "week": {
      const at = parsed(day);
      const monday = plus(day, -((at.getUTCDay() + 6) % 7));
      return `${monday} – ${plus(monday, 6).slice(5)}`;
    }
    default: return day;
  }
}

/** The period in the address, and changing it. */
export function usePeriod() {
  const route = useRoute();
  const router = useRouter();
  const text = (name: string): string => (typeof route.query[name] === "string" ? route.query[name] : "");
  const kind = computed<Kind>(() => KINDS.find((each) => each === text("kind")) ?? "month");
  const day = computed(() => (/^\d{4}-\d\d-\d\d$/.test(text("day")) ? text("day") : today()));
  const since = computed(() => text("since") || plus(today(), -6));
  const until = computed(() => text("until") || today());
  /** `until` of the address is the last day; the API wants the day behind it. */
  const asked = computed<Asked>(() => (kind.value === "span" ? { kind: "span", since: since.value, until: plus(until.value, 1) } : { kind: kind.value, day: day.value }));
  function set(changed: Record<string, string | undefined>): void {
    void router.replace({ query: { ...route.query, ...changed } });
  }
  /** The period in words. */
  const label = computed(() => (kind.value === "span" ? `${since.value} – ${until.value}` : called(kind.value, day.value)));
  return { kind, day, since, until, asked, text, set, label };
}
