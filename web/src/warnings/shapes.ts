/** Answers of /warnings and /crowd; fields as `warnings.queries` sends them. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import type { CaseRow } from "../api/shapes";

export const KINDS = ["repeat", "spike", "cluster", "series", "overdue", "crowd"] as const;
export type Kind = (typeof KINDS)[number];
export type PlaceWarning = Omit<components["schemas"]["PlaceWarningRow"], "detail"> & { detail: Record<string, number> & { daily?: number[]; cells?: number[] } };
export type WarningDetail = PlaceWarning & { method: string; words: string; cases: CaseRow[] };
export type Spot = components["schemas"]["SpotOut"];
export interface WarningPage { items: PlaceWarning[]; next: string | null; open: Partial<Record<Kind, number>> }

export const list = (query: { status: string; kind: string; cursor?: string }) =>
  body<WarningPage>(api.GET("/api/v1/warnings", { params: { query: { ...query, limit: 50 } as never } }));
export const one = (id: number) =>
  body<WarningDetail>(api.GET("/api/v1/warnings/{warning_id}", { params: { path: { warning_id: id } } }));
export const decide = (id: number, real: boolean, words: string) =>
  body(api.POST("/api/v1/warnings/{warning_id}/decide", { params: { path: { warning_id: id } }, body: { real, words } }));
export const spots = async () => (await body<{ items: Spot[] }>(api.GET("/api/v1/crowd/spots"))).items;
