/** Days as the roster has them: "2026-12-01", local, without a time zone to slip by. */
import { language } from "../i18n";

const DAY = 86_400_000; // ms

function utc(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

const local = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" });
const minute = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", timeStyle: "short" });

/** The day it is here, or was at an instant. */
export function dayOf(moment: Date | string | number = new Date()): string {
  return local.format(new Date(moment));
}

export function plus(day: string, days: number): string {
  return new Date(utc(day).getTime() + days * DAY).toISOString().slice(0, 10);
}

/** 0 Monday to 6 Sunday. */
export function weekday(day: string): number {
  return (utc(day).getUTCDay() + 6) % 7;
}

/** "周二", "Tue". */
export function weekdayName(day: string): string {
  return new Intl.DateTimeFormat(language.value === "zh" ? "zh-CN" : "en-GB", { weekday: "short", timeZone: "UTC" }).format(utc(day));
}

/** "12月1日", "1 Dec". */
export function dayName(day: string): string {
  return new Intl.DateTimeFormat(language.value === "zh" ? "zh-CN" : "en-GB", { month: language.value === "zh" ? "long" : "short", day: "numeric", timeZone: "UTC" }).format(utc(day));
}

/** "08:00" of an instant, or of a time of day. */
export function clockOf(moment: string): string {
  return moment.includes("T") ? minute.format(new Date(moment)) : moment.slice(0, 5);
}

/** "08:00–18:00"; "20:00–次日 08:00" for what ends another day. */
export function hours(starts: string, ends: string, next: string): string {
  const over = starts.includes("T") && dayOf(starts) !== dayOf(new Date(new Date(ends).getTime() - 1));
  return `${clockOf(starts)}–${over ? `${next} ` : ""}${clockOf(ends)}`;
}
