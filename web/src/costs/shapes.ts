/** What the server says of costs. Money is whole fen, shown as yuan. */
import { api, body } from "../api/client";
import type { CaseRow } from "../api/shapes";
import type { components } from "../api/schema";
import type { Asked } from "../indicators/shapes";

export interface Sum { cases: number; few: boolean; mean: number | null; median: number | null; fen: number | null; minutes: number | null }
export interface Row extends Sum { key: string; code: string; name: string; beside: Partial<Record<string, Sum>> }
export interface Work { code: string; name: string; count: number; minutes: number | null; fen: number | null; per_case?: number | null; without_rate: number }
export interface Saved { cases: number; times: number; fen: number; minutes: number; percent: number | null }
export interface Costs {
  since: string; until: string; by: By; ending: string; fewest: number; example: boolean; rated: boolean; recounting: boolean;
  area: string; scope: string; unrated: number; rows: Row[]; total: Sum; beside: Partial<Record<string, Sum & { since: string; until: string }>>;
  activities: Work[]; trend: (Sum & { month: string })[]; saved: { merged: Saved; spot: Saved }; other_work: Work[];
}
export type By = "class" | "org" | "region" | "channel";
export type Ending = "" | "closed" | "declined" | "void" | "merged";
export type Rate = { fen: number; unit: "event" | "hour"; minutes: number | null };
export type Rates = Record<string, Rate>;
export const SETTINGS = ["merge_percent", "self_percent", "most_hours", "fewest"] as const;
export type Setting = (typeof SETTINGS)[number];
export type Document = { rates: Rates; departments: Record<string, Rates>; example: boolean } & Record<Setting, number>;
export interface Activity { code: string; name: string; counts: string; group: string; group_name: string; timed: boolean; again: boolean }
export interface Version { number: number; starts_on: string; published_at: string; in_force: boolean; document: Document }
export interface RatesPage {
  activities: Activity[]; settings: { code: Setting; least: number; most: number; default: number }[];
  methods: { merge: Method; self: Method }; organisations: { code: string; name: string }[]; items: Version[]; may_publish: boolean; recounting: boolean;
}
export interface Method { formula: string; assumes: string }
export interface Found { total: number; next: string | null; items: (CaseRow & { day: string; fen: number; minutes: number })[] }
/** One inspection or task of the daily work; `fen` null: no rate held that day. */
export interface Piece { id: number; what: string; about: string; where: string; at: string; state: string; fen: number | null; minutes: number | null }
export interface Pieces { total: number; next: string | null; items: Piece[] }
export interface Reckoning {
  case_id: number; number: string | null; ended: boolean; rated: boolean; whole: boolean; example: boolean; fen: number; minutes: number;
  lines: { activity: string; name: string; counts: string; org_name: string; count: number; minutes: number | null; version: number | null; starts_on: string | null; fen: number | null; said: string }[];
  saved: { kind: "merge" | "self"; formula: string; fen: number; minutes: number; said: string }[];
}
export type Narrow = Asked & { ending?: Ending; only?: "merged" | "spot" | "unrated"; activity?: string };

export const ORDERS = ["day", "cost", "hours"] as const;
export type Order = (typeof ORDERS)[number];
export type Daily = Asked & { activity: "inspection" | "task" };

export const costs = (query: Narrow & { by: By; compare: boolean }): Promise<Costs> => body<Costs>(api.GET("/api/v1/costs", { params: { query } }));
export const costCases = (query: Narrow & { order: Order; cursor?: string; limit?: number }): Promise<Found> => body<Found>(api.GET("/api/v1/costs/cases", { params: { query } }));
export const costDaily = (query: Daily & { cursor?: string; limit?: number }): Promise<Pieces> => body<Pieces>(api.GET("/api/v1/costs/daily", { params: { query } }));
export const reckoning = (case_id: number): Promise<Reckoning> => body<Reckoning>(api.GET("/api/v1/costs/cases/{case_id}", { params: { path: { case_id } } }));
export const ratesPage = (): Promise<RatesPage> => body<RatesPage>(api.GET("/api/v1/costs/rates"));
export const publish = (data: components["schemas"]["CostRatesIn"]): Promise<unknown> => body(api.POST("/api/v1/costs/rates", { body: data }));

/** "1,234.50"; a dash where there is no number. */
export function yuan(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return "–";
  return (fen / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** Hours with one place. */
export function hours(minutes: number | null | undefined): string {
  if (minutes === null || minutes === undefined) return "–";
  return (minutes / 60).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
