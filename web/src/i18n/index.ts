/** Our own texts, Chinese first. Every entry has both languages, or it does not compile. */
import { ref, watchEffect } from "vue";

import type { texts as field } from "../field/texts";
import type { texts as desk } from "./texts";

export type Language = "zh" | "en";
export type Key = keyof typeof desk | keyof typeof field;

type Texts = Record<string, readonly [string, string]>;
let texts: Texts = {};

/** What this entry of the build can say: each registers its own before anything is drawn. */
export function register(found: Texts): void {
  texts = { ...texts, ...found };
}

const stored = localStorage.getItem("desk.language");
export const language = ref<Language>(stored === "en" ? "en" : "zh");

watchEffect(() => {
  localStorage.setItem("desk.language", language.value);
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

/** The text in the reader's language, `{name}` filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = texts[key]?.[language.value === "zh" ? 0 : 1] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A text in brackets behind another, as the reader's language writes them. */
export const bracketed = (text: string): string => (language.value === "zh" ? `（${text}）` : ` (${text})`);

/** Several things in a row; `apart`: each of them long. */
export const joined = (items: string[], apart = false): string => items.join(language.value === "zh" ? (apart ? "；" : "、") : apart ? "; " : ", ");

/** The text under a key that is made at run time, or the last part of the key itself. */
export function name(group: string, value: string | null | undefined): string {
  const key = `${group}.${value ?? ""}`;
  return key in texts ? t(key as Key) : (value ?? "");
}

const ZONE = "Asia/Shanghai";
const day = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, dateStyle: "short" });
const minute = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, timeStyle: "short" });

/** "14:00" today, "11-23 14:00" this year, "2025-11-23 14:00" before. */
export function when(moment: string | null | undefined): string {
  if (!moment) return "";
  const at = new Date(moment);
  const [date, today] = [day.format(at), day.format(new Date())];
  if (date === today) return minute.format(at);
  const shown = date.slice(0, 4) === today.slice(0, 4) ? date.slice(5) : date;
  return `${shown} ${minute.format(at)}`;
}

/** How far away a moment is, roughly: "3 小时", "2 d". */
export function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(Math.abs(milliseconds) / 60_000));
  if (minutes < 60) return t("span.minutes", { n: minutes });
  const hours = Math.round(minutes / 60);
  if (hours < 48) return t("span.hours", { n: hours });
  return t("span.days", { n: Math.round(hours / 24) });
}
