/** Routing rules as the server's file holds them. */
import type { components } from "../api/schema";

export type Tier = "village" | "town" | "district";
export interface When {
  class_codes?: string[];
  condition_codes?: string[];
  kinds?: string[];
  grades?: string[];
  region_codes?: string[];
  channels?: string[];
  weekdays?: number[];
  hours?: [string, string];
  worktime?: boolean;
  text_any?: string[];
}
export type Field = keyof When;
export interface Rule {
  code: string;
  name: string;
  name_en: string;
  active: boolean;
  when: When;
  target: { department: string; tier: Tier; emergency: boolean };
}
export type RuleSet = components["schemas"]["RuleSetRow"];
export type Check = components["schemas"]["CheckOut"];
export type Trial = components["schemas"]["TrialOut"];
export type Run = components["schemas"]["DryRunOut"];

export const FIELDS: Field[] = ["class_codes", "condition_codes", "kinds", "grades", "region_codes", "channels", "weekdays", "hours", "worktime", "text_any"];
export const TIERS: Tier[] = ["village", "town", "district"];
export const CHANNELS = ["grid", "phone", "walk_in", "web", "open311", "transfer", "sensor", "warning", "import"] as const;

export const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;
export const file = (rules: Rule[]) => ({ rules }) as unknown as Record<string, never>;
export const isSet = (when: When, field: Field) => {
  const value = when[field];
  return value !== undefined && value !== null && !(Array.isArray(value) && !value.length);
};

/** Divisions from the district down: the codes have fixed widths down to the village. */
export function chain(code: string): string[] {
  const widths = [6, 9, 12].filter((width) => code.length >= width);
  const found = widths.map((width) => code.slice(0, width));
  return code && !found.includes(code) ? [...found, code] : found;
}

/** Which rule a problem's path means, and the place in it: "rules[3].when.hours[0]" → [3, "when.hours"]. */
export function place(path: string): [number, string] {
  const found = /^rules\[(\d+)\]\.?([a-z_.]*)/.exec(path);
  return found ? [Number(found[1]), found[2] ?? ""] : [-1, path];
}

export function freshCode(rules: Rule[]): string {
  const taken = new Set(rules.map((rule) => rule.code));
  let n = rules.length + 1;
  while (taken.has(`rule-${n}`)) n++;
  return `rule-${n}`;
}
