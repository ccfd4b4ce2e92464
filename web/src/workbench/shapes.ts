/** What GET /cases/workbench answers. */
import type { CaseRow } from "../api/shapes";

export interface Returned extends CaseRow {
  why: { action: string; at: string; by: string | null; words: string } | null;
}

export interface Application {
  id: number;
  case: number;
  case_number: string | null;
  kind: string;
  status: string;
  detail: Record<string, unknown>;
  reason: string;
  asked_at: string;
  asked_by: string | null;
  decided_at: string | null;
  decided_by: string | null;
}

export interface Work {
  returned: Returned[];
  asked: Application[];
  decide: Application[];
}
