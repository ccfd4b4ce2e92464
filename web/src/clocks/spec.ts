/** A working calendar as the server keeps it, and the year it makes. */
import type { components } from "../api/schema";
import { language } from "../i18n";

export interface Spec {
  name: string;
  segments: [string, string][];
  weekend: number[];
  overrides: Record<string, boolean>;
  tz: string;
  use_chinese_holidays: boolean;
}
export interface Limit { amount: number; unit: string }
export type Day = components["schemas"]["DayOut"];
export type Year = components["schemas"]["YearOut"];
export type InForce = components["schemas"]["InForce"];
export type CalendarRow = components["schemas"]["CalendarRow"];
export type Limits = components["schemas"]["LimitsOut"];

export const STAGES = ["receive", "precheck", "dispatch", "check"] as const;
export const UNITS = ["urgent_minute", "urgent_hour", "work_minute", "work_hour", "work_day", "natural_day"] as const;

/** What a stored calendar leaves out stands in full, so that two can be compared. */
export function whole(stored: Record<string, unknown>): Spec {
  return {
    name: "", segments: [], weekend: [5, 6], overrides: {}, tz: "Asia/Shanghai", use_chinese_holidays: true,
    ...(JSON.parse(JSON.stringify(stored)) as Partial<Spec>),
  };
}

const canonical = (spec: Spec) => JSON.stringify([
  spec.name, spec.segments, [...spec.weekend].sort(), Object.entries(spec.overrides).sort(), spec.tz, spec.use_chinese_holidays,
]);
export const same = (one: Spec, two: Spec) => canonical(one) === canonical(two);

/** Minutes of a "HH:MM"; NaN when it is none. */
export function minutes(text: string): number {
  const found = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text);
  return found ? Number(found[1]) * 60 + Number(found[2]) : NaN;
}

export const worked = (spec: Spec) => spec.segments.reduce((sum, [from, to]) => sum + (minutes(to) - minutes(from)), 0);

/** Which segment is wrong: it has to end after it starts, and start after the one before. */
export function badSegment(segments: [string, string][]): number {
  let last = 0;
  for (const [at, [from, to]] of segments.entries()) {
    const [start, end] = [minutes(from), minutes(to)];
    if (!(last <= start && start < end && end <= 24 * 60)) return at;
    last = end;
  }
  return segments.length ? -1 : 0;
}

const locale = () => (language.value === "zh" ? "zh-CN" : "en");
const utc = (date: string) => new Date(`${date}T00:00:00Z`);
export const monthName = (month: number) =>
  new Intl.DateTimeFormat(locale(), { month: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2026, month, 1)));
export const dayName = (date: string) =>
  new Intl.DateTimeFormat(locale(), { month: "long", day: "numeric", weekday: "long", timeZone: "UTC" }).format(utc(date));
/** Monday first. */
export const weekdays = (style: "narrow" | "short") =>
  [4, 5, 6, 7, 8, 9, 10].map((day) => new Intl.DateTimeFormat(locale(), { weekday: style, timeZone: "UTC" }).format(new Date(Date.UTC(2026, 0, day + 1))));
export const weekday = (date: string) => (utc(date).getUTCDay() + 6) % 7;
export function later(date: string, days: number): string {
  return new Date(utc(date).getTime() + days * 86_400_000).toISOString().slice(0, 10);
}
