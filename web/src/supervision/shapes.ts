/** Answers of /supervision; fields as `supervision.queries` and `supervision.overdue` send them. */
import type { Approval } from "../approvals/shapes";
import { api, body } from "../api/client";
import type { CaseRow, Page } from "../api/shapes";

export interface Turn { kind: string; at: string; by: string | null; words: string; due_at: string | null; late: boolean }

export interface Demand {
  id: number;
  case: CaseRow;
  organisation_id: number;
  organisation: string;
  ground: string;
  status: "waiting" | "answered" | "closed";
  outcome: string;
  round: number;
  amount: number;
  unit: string;
  due_at: string;
  late: boolean;
  opened_at: string;
  opened_by: string | null;
  answered_at: string | null;
  closed_at: string | null;
  turns: Turn[];
  may: ("answer" | "accept" | "again" | "withdraw")[];
}

export interface DemandCounts { waiting: number; late: number; answered: number; mine: number }
export type Which = "unreceived" | "unhandled";
export interface OverdueRow { reason: string; whose: number; demand: number | null; case: CaseRow }
export interface Group { id: number; name: string | null; n: number; reasons: Record<string, number> }
export interface OverdueCounts { total: number; reasons: Record<string, number>; towns: Group[]; orgs: Group[] }
export interface Narrow { reason?: string; town?: number; org?: number }

type Query = Record<string, string | number | boolean | undefined>;
const get = <Shape>(path: string, query: Query): Promise<Shape> =>
  body(api.GET(path as "/api/v1/supervision/demands", { params: { query: query as never } }));

export const demands = (query: Query) => get<Page<Demand>>("/api/v1/supervision/demands", { limit: 50, ...query });
export const counts = () => get<DemandCounts>("/api/v1/supervision/demands/counts", {});
export const one = (id: number) => get<Demand>(`/api/v1/supervision/demands/${id}`, {});
export const overdue = (which: Which, narrow: Narrow, cursor?: string) =>
  get<Page<OverdueRow>>("/api/v1/supervision/overdue", { which, ...narrow, cursor, limit: 50 });
export const overdueCounts = (which: Which) => get<OverdueCounts>("/api/v1/supervision/overdue/counts", { which });
export const appeals = (status: string, cursor?: string) =>
  get<Page<Approval>>("/api/v1/supervision/appeals", { status, cursor, limit: 50 });

/** Carry out a step of a demand. */
export function act(id: number, verb: string, fields: Record<string, unknown>, key: string): Promise<Demand> {
  const path = `/api/v1/supervision/demands/{demand_id}/${verb}` as "/api/v1/supervision/demands/{demand_id}/answer";
  return body(api.POST(path, { params: { path: { demand_id: id }, header: { "Idempotency-Key": key } as never }, body: fields as { text: string } }));
}
