/** Coverage, months and appeals as the server answers them. */
import type { components } from "../api/schema";

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
