/** How old a fix is, in words and as a sign. */
import { onScopeDispose, readonly, ref } from "vue";

import { t } from "../i18n";

export type Age = "fresh" | "stale" | "old";
export const STALE = 5 * 60_000; // ms
export const OLD = 20 * 60_000;

/** The server's clock: this machine's may be wrong, and an age must not be. */
const skew = ref(0);
export function heard(at: string): void {
  skew.value = new Date(at).getTime() - Date.now();
}

/** The time by the server's clock, ticking every few seconds as long as the component lives. */
export function useClock(pause = 5000) {
  const time = ref(Date.now() + skew.value);
  const timer = window.setInterval(() => (time.value = Date.now() + skew.value), pause);
  onScopeDispose(() => window.clearInterval(timer));
  return readonly(time);
}

export function age(at: string | null | undefined, now: number): Age {
  if (!at) return "old";
  const passed = now - new Date(at).getTime();
  return passed < STALE ? "fresh" : passed < OLD ? "stale" : "old";
}

export function ago(at: string, now: number): string {
  const minutes = Math.floor(Math.max(0, now - new Date(at).getTime()) / 60_000);
  if (minutes < 1) return t("positions.fresh");
  if (minutes < 120) return t("positions.ago", { n: minutes });
  return t("positions.hoursAgo", { n: Math.floor(minutes / 60) });
}
