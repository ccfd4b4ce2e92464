/** Answers of /approvals; fields as `cases.queries.approvals` sends them. */
import { api, body } from "../api/client";
import type { CaseRow, Page } from "../api/shapes";
import { name, t, type Key, when } from "../i18n";

export type ApprovalKind = "extension" | "suspension" | "return" | "void" | "appeal";

export interface Approval {
  id: number;
  case_id: number;
  kind: ApprovalKind;
  status: "pending" | "granted" | "refused" | "moot";
  detail: { amount?: number; unit?: string; until?: string; round?: number; due?: string; stopped?: string };
  reason: string;
  answer: string;
  asked_at: string;
  asked_by: number | null;
  asked_by_name: string | null;
  decided_at: string | null;
  decided_by_name: string | null;
  case: CaseRow | null;
  barred: string | null;
}

export interface ApprovalDetail extends Approval {
  proposal: { due_now?: string | null; due_then?: string | null };
  clock: { id: number; kind: string; due_at: string | null; stopped_at: string | null; steps: string[] } | null;
  earlier: Approval[];
}

export function read(mine: boolean, cursor?: string): Promise<Page<Approval>> {
  return body(api.GET("/api/v1/approvals", { params: { query: { mine, cursor, limit: 50 } } }));
}

export function readOne(id: number): Promise<ApprovalDetail> {
  return body(api.GET("/api/v1/approvals/{approval_id}", { params: { path: { approval_id: id } } }));
}

/** What is asked for, in a few words: "延期 1 工作日". */
export function asks(row: Approval): string {
  const what = name("approval", row.kind);
  const { amount, unit, until, round } = row.detail;
  if (row.kind === "extension" && amount) return `${what} ${t(`unit.${unit}` as Key, { n: amount })}`;
  if (row.kind === "suspension" && until) return t("approvals.until", { what, until: when(until) });
  if (row.kind === "appeal") return `${what} · ${t(round === 2 ? "approvals.second" : "approvals.first")}`;
  return what;
}
