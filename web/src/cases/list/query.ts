/** What the list is narrowed by: in the address, as the API takes it, and as chips. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";

import type { components } from "../../api/schema";
import type { Stage } from "../../api/shapes";

/** As the API takes it; a saved filter keeps exactly this. */
export interface Narrow {
  q?: string;
  stage?: Stage[];
  open?: boolean;
  class_code?: string[];
  region?: string;
  lead_org?: number;
  channel?: components["schemas"]["Channel"];
  grade?: string;
  colour?: string;
  supervised?: boolean;
  rework?: boolean;
  help?: boolean;
  days?: number;
  since?: string;
  until?: string;
  due_since?: string;
  due_until?: string;
  closed_since?: string;
  closed_until?: string;
}
export type Part = keyof Narrow;

const MANY: Part[] = ["stage", "class_code"];
const YES: Part[] = ["open", "supervised", "rework", "help"];
const NUMBERS: Part[] = ["lead_org", "days"];
const FROM: Part[] = ["since", "due_since", "closed_since"];
const TO: Part[] = ["until", "due_until", "closed_until"]; // the day named is still in
const WORDS: Part[] = ["q", "region", "channel", "grade", "colour"];
export const PARTS: Part[] = [...WORDS, ...MANY, ...YES, ...NUMBERS, ...FROM, ...TO];
export const NEWEST = "-reported_at";

const DAY = 86_400_000;
const start = (day: string) => `${day}T00:00:00+08:00`;
const dayOf = (at: number) => new Date(at + 8 * 3_600_000).toISOString().slice(0, 10);

export function one(query: LocationQuery, key: string): string {
  const value = query[key];
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

/** From the address. What makes no sense there is left out. */
export function fromAddress(query: LocationQuery): Narrow {
  const found: Record<string, unknown> = {};
  for (const part of PARTS) {
    const text = one(query, part);
    if (!text) continue;
    if (MANY.includes(part)) found[part] = text.split(",").filter(Boolean);
    else if (YES.includes(part)) found[part] = text === "true";
    else if (NUMBERS.includes(part)) { if (/^\d{1,9}$/.test(text)) found[part] = Number(text); }
    else if (WORDS.includes(part)) found[part] = text;
    else if (!Number.isNaN(Date.parse(start(text)))) {
      found[part] = FROM.includes(part) ? start(text) : start(dayOf(Date.parse(start(text)) + DAY));
    }
  }
  return found as Narrow;
}

/** For the address: days instead of moments, lists with commas. */
export function toAddress(narrow: Narrow): LocationQueryRaw {
  const query: LocationQueryRaw = {};
  for (const part of PARTS) {
    const value = narrow[part];
    if (value === undefined || value === null || value === "") continue;
    if (Array.isArray(value)) { if (value.length) query[part] = value.join(","); }
    else if (FROM.includes(part)) query[part] = dayOf(Date.parse(String(value)));
    else if (TO.includes(part)) query[part] = dayOf(Date.parse(String(value)) - DAY);
    else query[part] = String(value);
  }
  return query;
}

/** The same question in the same order of words, to compare two. */
export const same = (one: Narrow, other: Narrow) =>
  JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
const sorted = (narrow: Narrow) => PARTS.map((part) => toAddress(narrow)[part] ?? null);
