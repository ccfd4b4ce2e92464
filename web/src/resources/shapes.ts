/** The inventory as the server answers it, and what the pages share of it. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { t } from "../i18n";

export type Resource = components["schemas"]["ResourceOut"];
export type Detail = components["schemas"]["ResourceDetail"];
export type Near = components["schemas"]["ResourceNearOut"];
export type Round = components["schemas"]["ResourceRoundOut"];
export type RoundDetail = components["schemas"]["ResourceRoundDetail"];
export const KINDS = ["team", "store", "equipment", "shelter"] as const;
export const STATES = ["ready", "in_use", "repair", "retired"] as const;

export interface Narrow { kind?: string; state?: string; expiring?: number; short?: boolean; q?: string }

export function all(query: Narrow): Promise<components["schemas"]["ResourceEverything"]> {
  return body(api.GET("/api/v1/resources/map", { params: { query } }));
}

/** "120 / 200 条": what there is, and what there should be where it is less. */
export function amount(row: Pick<Resource, "quantity" | "needed" | "unit">): string {
  const [has, needs] = [Number(row.quantity), Number(row.needed)];
  return needs > has ? `${has} / ${needs} ${row.unit}` : `${has} ${row.unit}`;
}

/** "12 天后过期" and its urgency. */
export function expiry(row: Pick<Resource, "days_left">): { words: string; colour: "red" | "amber" | "soft" } | null {
  const left = row.days_left;
  if (left === null || left === undefined) return null;
  if (left < 0) return { words: t("resources.expired", { n: -left }), colour: "red" };
  return { words: t("resources.expires", { n: left }), colour: left <= 30 ? "amber" : "soft" };
}

export function far(metres: number): string {
  return metres < 1000 ? `${metres} m` : `${(metres / 1000).toFixed(1)} km`;
}
