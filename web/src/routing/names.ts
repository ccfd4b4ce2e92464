/** What codes are called, and a rule as a sentence. */
import { shallowRef } from "vue";

import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { regions } from "../cases/choices";
import { language, name, t } from "../i18n";
import { type Field, FIELDS, isSet, type Rule, type When } from "./rules";

type ClassRow = components["schemas"]["ClassRow"];
interface Named { code: string; label: string }
export interface Names {
  classes: Map<string, ClassRow>;
  bigs: Map<string, string>;
  departments: Map<string, string>;
  regions: Map<string, string>;
  conditions: Map<string, string>;
}
export interface Part { field: Field; values: string[] }

export const names = shallowRef<Names>();
const said = (row: { zh: string; en: string }) => (language.value === "zh" ? row.zh : row.en || row.zh);

export async function readNames(): Promise<void> {
  const [edition, classes, conditions, places] = await Promise.all([
    body<components["schemas"]["EditionOut"]>(api.GET("/api/v1/catalogue")),
    body<components["schemas"]["ClassList"]>(api.GET("/api/v1/catalogue/classes")),
    body<components["schemas"]["ConditionList"]>(api.GET("/api/v1/catalogue/conditions")),
    regions(),
  ]);
  names.value = {
    classes: new Map(classes.items.map((row) => [row.code, row])),
    bigs: new Map(classes.items.map((row) => [row.code.slice(0, 3), said({ zh: row.big_zh, en: row.big_en })])),
    departments: new Map(edition.departments.map((row) => [row.code, said(row)])),
    regions: new Map(places.map((row) => [row.value, row.label])),
    conditions: new Map(conditions.items.map((row) => [row.code, said({ zh: row.filing_zh, en: row.filing_en })])),
  };
}

/** "E05*" → 突发事件（整个大类）; a code nobody knows stays a code. */
export function className(pattern: string): string {
  const known = names.value;
  if (pattern === "*") return t("routing.anyClass");
  if (!pattern.endsWith("*")) {
    const row = known?.classes.get(pattern);
    return row ? said(row) : pattern;
  }
  const prefix = pattern.slice(0, -1);
  const kinds: Record<string, string> = { C: "component", E: "event", S: "service" };
  const whole = prefix.length === 1 ? name("catalogue.kind", kinds[prefix]) : known?.bigs.get(prefix);
  return whole ? t("routing.wholeBig", { name: whole }) : pattern;
}

export function department(code: string): string {
  if (code === "default") return t("routing.default");
  if (code === "centre") return t("routing.centre");
  return names.value?.departments.get(code) ?? code;
}

export const weekday = (day: number) =>
  new Intl.DateTimeFormat(language.value === "zh" ? "zh-CN" : "en", { weekday: "short", timeZone: "UTC" }).format(new Date(Date.UTC(2026, 0, 4 + day)));

export function valuesOf(when: When, field: Field): string[] {
  switch (field) {
    case "class_codes": return (when.class_codes ?? []).map(className);
    case "condition_codes": return (when.condition_codes ?? []).map((code) => names.value?.conditions.get(code) ?? code);
    case "kinds": return (when.kinds ?? []).map((kind) => name("catalogue.kind", kind));
    case "grades": return (when.grades ?? []).map((grade) => name("grade", grade));
    case "region_codes": return (when.region_codes ?? []).map((code) => names.value?.regions.get(code) ?? code);
    case "channels": return (when.channels ?? []).map((channel) => name("channel", channel));
    case "weekdays": return [...(when.weekdays ?? [])].sort().map(weekday);
    case "hours": return when.hours ? [`${when.hours[0]}–${when.hours[1]}`] : [];
    case "worktime": return [t(when.worktime ? "routing.inWork" : "routing.offWork")];
    case "text_any": return (when.text_any ?? []).map((word) => `“${word}”`);
  }
}

export const parts = (rule: Rule): Part[] =>
  FIELDS.filter((field) => isSet(rule.when, field)).map((field) => ({ field, values: valuesOf(rule.when, field) }));

export const ruleName = (rule: Rule) => (language.value === "zh" ? rule.name : rule.name_en || rule.name);

export const matches = (rule: Rule, words: string) => {
  const text = [rule.code, rule.name, rule.name_en, department(rule.target.department), ...(rule.when.class_codes ?? []), ...parts(rule).flatMap((part) => part.values)].join("\n").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
};

/** The server says codes; people read names. Words of the case itself stay as they are. */
export function plain(text: string): string {
  const known = names.value;
  return text
    .replace(/(^|[^\w“])([CES]\d{2,4}\*?)(?![\w”-])/g, (_whole, before: string, code: string) => `${before}${className(code)}`)
    .replace(/(?<!\d)\d{6,12}(?!\d)/g, (code) => known?.regions.get(code) ?? code)
    .replace(/([（(])([a-z_]+)([）)])/g, (_whole, open: string, code: string, close: string) => `${open}${department(code)}${close}`)
    .replace(/(为|is) ([a-z_0-9]+)$/, (_whole, is: string, code: string) => {
      const label = ["grade", "channel", "catalogue.kind"].map((group) => name(group, code)).find((each) => each !== code);
      return `${is} ${label ?? code}`;
    });
}

export const options = (map: Map<string, string> | undefined): Named[] => Array.from(map ?? [], ([code, label]) => ({ code, label }));
