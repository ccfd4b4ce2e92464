/** Answers of /warnings and /crowd; fields as `warnings.queries` sends them. */
import { api, body, onceKey } from "../api/client";
import type { components } from "../api/schema";
import type { CaseRow } from "../api/shapes";
import type { Task } from "../tasks/shapes";

type Schemas = components["schemas"];
export const KINDS = ["repeat", "spike", "cluster", "series", "overdue", "crowd"] as const;
export type Kind = (typeof KINDS)[number];
type Detail = Record<string, number> & { daily?: number[]; first?: string };
export type PlaceWarning = Omit<Schemas["PlaceWarningRow"], "detail"> & { detail: Detail };
export type WarningDetail = Omit<Schemas["PlaceWarning"], "detail" | "cases" | "opened" | "ordered"> & { detail: Detail; method: string; cases: CaseRow[]; opened: CaseRow | null; ordered: Task | null };
export type Spot = Schemas["SpotOut"];
export type Settings = Schemas["WarningSettings"];
export type Limit = Schemas["WarningLimit"];
export type Trial = Omit<Schemas["SettingsTrial"], "document"> & { document: Document };
export interface Document { format?: string; kinds: Record<string, Record<string, number | boolean>>; without: string[] }
/** What a warning of this kind counts. */
export const countsOf = (kind: string) => (kind === "crowd" ? "people" : kind === "overdue" ? "days" : "cases");
export interface WarningPage { items: PlaceWarning[]; next: string | null; open: Partial<Record<Kind, number>> }

export const PAGE = 50; // warnings at a time
export const list = (query: { status: string; kind: string; mine: boolean; cursor?: string }) =>
  body<WarningPage>(api.GET("/api/v1/warnings", { params: { query: { ...query, limit: PAGE } as never } }));
const path = (id: number) => ({ path: { warning_id: id } });
export const one = (id: number) => body<WarningDetail>(api.GET("/api/v1/warnings/{warning_id}", { params: path(id) }));

const once = () => ({ "Idempotency-Key": onceKey() });
export const decide = (id: number, real: boolean, words: string) => body(api.POST("/api/v1/warnings/{warning_id}/decide", { params: path(id), headers: once(), body: { real, words } }));
export const take = (id: number, given: Schemas["TakeWarningIn"]) => body(api.POST("/api/v1/warnings/{warning_id}/take", { params: path(id), headers: once(), body: given }));
export const openCase = (id: number, given: Schemas["WarningCaseIn"]) => body(api.POST("/api/v1/warnings/{warning_id}/case", { params: path(id), headers: once(), body: given }));
export const orderTask = (id: number, given: Schemas["WarningTaskIn"]) => body(api.POST("/api/v1/warnings/{warning_id}/task", { params: path(id), headers: once(), body: given }));

export const spots = async () => (await body<{ items: Spot[] }>(api.GET("/api/v1/crowd/spots"))).items;
export const saveSpot = (given: Schemas["SpotIn"]) => body(api.POST("/api/v1/crowd/spots", { headers: once(), body: given }));
export const settings = () => body<Settings>(api.GET("/api/v1/warnings/settings"));
export const publish = (version: number, document: Document) => body<Settings>(api.POST("/api/v1/warnings/settings", { headers: once(), body: { version, document: document as never } }));

const TRIALS = "/api/v1/warnings/settings/preview";
const trialAt = (id: number) => ({ params: { path: { trial_id: id } } });
export const tryOut = (document: Document, kinds: string[]) => body<Trial>(api.POST(TRIALS, { body: { document: document as never, kinds } }));
export const newestTrial = async () => (await body<{ trial: Trial | null }>(api.GET(TRIALS))).trial ?? undefined;
export const trialOf = (id: number) => body<Trial>(api.GET(`${TRIALS}/{trial_id}`, trialAt(id)));
export const cancelTrial = (id: number) => body<Trial>(api.POST(`${TRIALS}/{trial_id}/cancel`, trialAt(id)));
