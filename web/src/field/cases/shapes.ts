import type { Action, CaseDetail, CaseRow, TimelineEvent } from "../../api/shapes";
import type { Demand } from "../../supervision/shapes";
import type { Evidence } from "../../ui/evidence";

export interface Whole {
  case: CaseDetail;
  actions: Action[];
  timeline: TimelineEvent[];
  evidence: Evidence[];
  demands?: Demand[]; // what was kept here before there were any has none
}

export const LISTS = ["accept", "todo", "returned", "done"] as const;
export type ListName = (typeof LISTS)[number];
export type Work = Record<ListName, { count: number; items: CaseRow[] }>;

export const WORK = "/field/work";
export const wholePath = (id: number) => `/field/cases/${id}`;
