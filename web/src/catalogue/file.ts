/** A version of the catalogue as the server's file holds it, and how it is said. */
import type { components } from "../api/schema";
import { language, t, type Key } from "../i18n";

export type Version = components["schemas"]["VersionOut"];
export type Difference = components["schemas"]["DifferenceOut"];

export const KINDS = ["component", "event", "service"] as const;
export const GRADES = ["general", "important", "urgent"] as const;
export const UNITS = ["urgent_minute", "urgent_hour", "work_minute", "work_hour", "work_day", "natural_day"] as const;
export type Kind = (typeof KINDS)[number];

export interface Limit { amount: number; unit: string }
export interface Condition {
  code: string;
  filing_zh: string;
  filing_en: string;
  closing_zh: string;
  closing_en: string;
  limit: Limit;
  grade?: string;
}
export interface CaseClass {
  code: string;
  kind: Kind;
  big_code: string;
  big_zh: string;
  big_en: string;
  small_code: string;
  zh: string;
  en: string;
  keywords_zh: string[];
  grade: string;
  public: boolean;
  confidential: boolean;
  default_department: string;
  description_zh: string;
  conditions: Condition[];
}
export interface Both { zh: string; en: string }
export interface CatalogueFile extends Record<string, unknown> {
  version: string;
  title_zh: string;
  title_en: string;
  departments: (Both & { code: string })[];
  classes: CaseClass[];
}
export interface Big { code: string; kind: Kind; zh: string; en: string; classes: CaseClass[] }

export const LETTER: Record<Kind, string> = { component: "C", event: "E", service: "S" };

export const said = (both: Both) => (language.value === "zh" ? both.zh : both.en || both.zh);
export const other = (both: Both) => (language.value === "zh" ? both.en : both.zh);
export const limitSaid = (limit: Limit) => t(`unit.${limit.unit}` as Key, { n: limit.amount });

/** Big classes in the order of their codes, each with its small ones. */
export function bigs(classes: CaseClass[]): Big[] {
  const found = new Map<string, Big>();
  for (const each of classes) {
    const code = LETTER[each.kind] + each.big_code;
    const big = found.get(code) ?? { code, kind: each.kind, zh: each.big_zh, en: each.big_en, classes: [] };
    big.classes.push(each);
    found.set(code, big);
  }
  return [...found.values()].sort((one, two) => one.code.localeCompare(two.code));
}

/** Whether a class has the words in its code, names, keywords or conditions. */
export function fits(each: CaseClass, words: string): boolean {
  const text = [each.code, each.zh, each.en, each.big_zh, each.big_en, ...each.keywords_zh,
    ...each.conditions.flatMap((way) => [way.filing_zh, way.filing_en])].join("\n").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** The smallest number of two digits no class of the big one has yet. */
export function nextSmall(big: Big | undefined): string {
  const taken = new Set(big?.classes.map((each) => each.small_code));
  for (let n = 1; n < 100; n++) {
    const code = String(n).padStart(2, "0");
    if (!taken.has(code)) return code;
  }
  return "";
}

export function nextCondition(code: string, ways: Condition[]): string {
  const last = Math.max(0, ...ways.map((way) => Number(way.code.split("-")[1]) || 0));
  return `${code}-${last + 1}`;
}

/** The version number after this one: 2026.1 → 2026.2; a new year begins at 1. */
export function nextVersion(versions: Version[]): string {
  const year = new Date().getFullYear();
  const taken = new Set(versions.map((each) => each.version));
  let n = 1;
  while (taken.has(`${year}.${n}`)) n++;
  return `${year}.${n}`;
}

/** Hand a value to the browser as a JSON file. */
export function download(name: string, value: unknown): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 1)], { type: "application/json" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
