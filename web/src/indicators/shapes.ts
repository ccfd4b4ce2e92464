/** What the server says of numbers, and asking for it. */
import { api, body } from "../api/client";
import type { CaseRow } from "../api/shapes";
import { t } from "../i18n";

export interface Value { n: number; of: number | null; share: number | null }
export type Values = Partial<Record<string, Value>>;
export interface Indicator { code: string; name: string; formula: string; group: string; rate: boolean; stock: boolean; good: "" | "up" | "down" }
export interface Definitions { groups: { code: string; name: string }[]; items: Indicator[] }
export interface Row { key: string; code: string; name: string; step: string | null; values: Values; beside: Partial<Record<string, Values>> }
export interface Table {
  since: string; until: string; by: string; step: string; area: string; rows: Row[]; left_out: number; total: Values;
  beside: Partial<Record<string, { since: string; until: string; total: Values }>>;
  as_of: string;
  closed: { id: number; frozen_at: string; changed: string[]; now: Values } | null;
}
export type Page = "overview" | "department" | "region" | "class" | "channel";
export interface Choice { key: string; code: string; name: string }
export interface Dashboard { page: Page; scope: string; dim: string; chosen: Choice | null; choices: Choice[]; total: Table; flow: Table; side: Table | null; parts: Partial<Record<By, Table>>; trend: Table }
export type By = "" | "org" | "region" | "class" | "channel" | "tier" | "post";
export type Step = "" | "day" | "week" | "month" | "quarter" | "year";
export type Kind = "day" | "week" | "month" | "quarter" | "year" | "span";
export interface Asked { kind: Kind; day?: string; since?: string; until?: string; region?: string; org?: number; class_code?: string; channel?: string; tier?: string; post?: number }
export interface Found { total: number; hidden: number; next: string | null; items: (CaseRow & { day: string; order_id: number | null; counted_org: string | null; counts: string[] })[] }
export type Part = "counts" | "over" | "rest";
export interface Closed { id: number; kind: Kind; called: string; since: string; until: string; frozen_at: string; digest: string; corrections: number }
export interface Corrections extends Closed {
  hidden: number;
  items: { case_id: number; number: string; kind: string; then: string[]; now: string[]; moved: boolean }[];
  values: { code: string; name: string; then: Value; now: Value }[];
}

let known: Promise<Definitions> | undefined;
let knownIn = "";

/** The definitions in the language of the console, once. */
export function definitions(language: string): Promise<Definitions> {
  if (!known || knownIn !== language) {
    knownIn = language;
    known = body<Definitions>(api.GET("/api/v1/indicators"));
    known.catch(() => (known = undefined));
  }
  return known;
}

export function numbers(asked: Asked & { codes?: string; by?: By; step?: Step; compare?: boolean; frozen?: boolean }): Promise<Table> {
  return body<Table>(api.GET("/api/v1/indicators/values", { params: { query: asked } }));
}

export function dashboard(page: Page, asked: Asked): Promise<Dashboard> {
  return body<Dashboard>(api.GET("/api/v1/indicators/dashboards/{page}", { params: { path: { page }, query: asked } }));
}

export function behind(code: string, asked: Asked & { part?: Part; frozen?: boolean; cursor?: string; limit?: number }): Promise<Found> {
  return body<Found>(api.GET("/api/v1/indicators/{code}/cases", { params: { path: { code }, query: asked } }));
}

/** How one may look at what is behind a rate; behind a count there is one way. */
export const parts = (rate: boolean) => (rate ? (["counts", "rest", "over"] as const).map((key) => ({ key, name: t(`ind.part.${key}`) })) : [{ key: "counts" as const, name: "" }]);

/** A share as people read it; a count as it is. */
export function shown(value: Value | undefined, rate: boolean): string {
  if (!value) return "";
  if (!rate) return value.n.toLocaleString("en-US");
  return value.share === null ? "–" : `${(value.share * 100).toFixed(1)}%`;
}

/** What narrows the list behind a row to that row. */
export function narrowed(by: By, row: Pick<Row, "key" | "code">, area: string): Partial<Asked> {
  switch (by) {
    case "org": return { org: Number(row.key) };
    case "region": return { region: row.code || `${area}-` };
    case "class": return { class_code: row.key || "-" };
    case "channel": return { channel: row.key };
    case "tier": return { tier: row.key };
    case "post": return { post: Number(row.key) };
    default: return {};
  }
}
