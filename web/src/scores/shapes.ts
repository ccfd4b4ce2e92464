/** Coverage, months and appeals as the server answers them. */
import { api, body } from "../api/client";
import type { Stage } from "../api/shapes";
import type { components } from "../api/schema";
import type { Asked, Indicator, Part, Table } from "../indicators/shapes";

export type Coverage = components["schemas"]["CoverageOut"];
export type Village = components["schemas"]["CoverageVillage"];
export type People = components["schemas"]["CoveragePeople"];
export type Month = components["schemas"]["WorkerMonthOut"];
export type Piece = components["schemas"]["EvaluationPieceOut"];
export type Appeal = components["schemas"]["EvaluationReviewOut"];
export type Rules = components["schemas"]["EvaluationRulesOut"];
export type RulesList = components["schemas"]["EvaluationRulesList"];
export type Period = components["schemas"]["EvaluationMonthOut"];
export type Trial = components["schemas"]["EvaluationTrialOut"];

/** "8/11" → 0.727…; null stays null. */
export function fraction(said: string | null): number | null {
  if (said === null) return null;
  const [good = 0, of = 1] = said.split("/").map(Number);
  return good / of;
}

export type Fieldwork = Table & { scope: string; columns: Indicator[] };
/** `at`: a day, or a moment; of a task its deadline. `counts`: whether it is above the line. */
export interface BehindRow { id: number; inspection?: number; what: string; about: string; where: string; at: string | null; state: string; stage?: Stage; counts: boolean }
export interface Behind { thing: "day" | "village" | "task" | "inspection" | "item" | "case"; total: number; items: BehindRow[]; next: string | null }

export const fieldwork = (query: Asked): Promise<Fieldwork> => body<Fieldwork>(api.GET("/api/v1/fieldwork", { params: { query } }));

export function fieldworkBehind(code: string, query: Asked & { part?: Part; cursor?: string; limit?: number }): Promise<Behind> {
  return body<Behind>(api.GET("/api/v1/fieldwork/{code}/behind", { params: { path: { code }, query } }));
}
