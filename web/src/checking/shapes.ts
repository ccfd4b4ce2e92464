/** Answers of /rechecks and /draws; fields as `cases.queries.rechecks` sends them. */
import { api, body } from "../api/client";
import type { CaseRow, Page } from "../api/shapes";

export interface Recheck {
  id: number;
  kind: "dissatisfied" | "spot";
  draw_id: number | null;
  made_at: string;
  closed_by_name: string | null;
  assigned_to_name: string | null;
  result: "upheld" | "reopened" | null;
  finding: string;
  decided_at: string | null;
  decided_by_name: string | null;
  callback: { satisfaction: string; resolved: boolean; words: string; at: string } | null;
  barred: string | null;
  case: CaseRow;
}

export interface Draw {
  id: number;
  seed: string;
  region: string;
  region_name: string;
  since: string;
  until: string;
  stratified_by: "town" | "lead_org" | "none";
  size: number;
  digest: string;
  strata: { key: string; name: string | null; population: number; drawn: number }[];
  made_at: string;
  made_by_name: string | null;
  drawn: number;
  upheld: number;
  reopened: number;
}

export interface DrawDetail extends Draw {
  population: number[];
  cases: { case_id: number; stratum: string }[];
}

/** What lies on the table: a case to be checked, or a closed one to be looked at again. */
export interface Item {
  key: string;
  row: CaseRow;
  recheck?: Recheck;
}

export async function checks(): Promise<Item[]> {
  const query = { stage: ["fed_back", "checking"] as ("fed_back" | "checking")[], open: true, sort: "due_at", limit: 200 };
  const page = await body<Page<CaseRow>>(api.GET("/api/v1/cases", { params: { query } }));
  return page.items.map((row) => ({ key: `check-${row.id}`, row }));
}

export async function rechecks(): Promise<Item[]> {
  const query = { mine: true, limit: 200 };
  const page = await body<Page<Recheck>>(api.GET("/api/v1/rechecks", { params: { query } }));
  return page.items.map((recheck) => ({ key: `recheck-${recheck.id}`, row: recheck.case, recheck }));
}

export function draws(cursor?: string): Promise<Page<Draw>> {
  return body(api.GET("/api/v1/draws", { params: { query: { cursor, limit: 50 } } }));
}

export function drawOf(id: number): Promise<DrawDetail> {
  return body(api.GET("/api/v1/draws/{draw_id}", { params: { path: { draw_id: id } } }));
}

export function rechecksOf(draw: number): Promise<Page<Recheck>> {
  const query = { draw, open: false, limit: 200 };
  return body(api.GET("/api/v1/rechecks", { params: { query } }));
}
