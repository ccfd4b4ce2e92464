/** Answers that the API describes only as objects; fields as `cases.queries` sends them. */

export type Stage =
  | "received" | "prechecking" | "filed" | "dispatched" | "handling" | "suspended"
  | "fed_back" | "checking" | "closed" | "declined" | "void" | "merged";
export type Light = "green" | "yellow" | "red";

export interface CaseRow {
  id: number;
  number: string | null;
  stage: Stage;
  stage_since: string;
  version: number;
  channel: string;
  class_code: string;
  class_name: string | null;
  grade: string;
  confidential: boolean;
  description: string;
  address: string;
  lon: number | null;
  lat: number | null;
  place: string[];
  owner_org: string | null;
  lead_org: string | null;
  lead_org_id: number | null;
  proposed_org: string | null;
  proposed_org_id: number | null;
  reported_at: string;
  due_at: string | null;
  closed_at: string | null;
  updated_at: string;
  outcome: string;
  reports_count: number;
  rework_count: number;
  supervised: boolean;
  colour: Light | null;
}

export interface Limit {
  amount: number;
  unit: string;
  extra?: number;
}

export interface ReportRow {
  id: number;
  channel: string;
  source: string;
  source_ref: string;
  description: string;
  address: string;
  received_at: string;
  occurred_at: string | null;
  erased_at: string | null;
  contact: Record<string, string> | null;
}

export interface Order {
  id: number;
  organisation: string | null;
  kind: "lead" | "assist";
  status: "sent" | "accepted" | "done" | "returned" | "cancelled";
  sent_at: string | null;
  accepted_at: string | null;
  arrived_at: string | null;
  done_at: string | null;
  ended_at: string | null;
}

export interface Clock {
  id: number;
  kind: string;
  state: string;
  started_at: string;
  due_at: string | null;
  stopped_at: string | null;
  limit: Limit;
  late: boolean;
  exempted: boolean;
  colour: Light | null;
}

export interface CaseDetail extends CaseRow {
  reply: string;
  help_asked_at: string | null;
  condition: { code: string; filing: string; closing: string; limit: Limit } | null;
  reports: ReportRow[];
  orders: Order[];
  clocks: Clock[];
  approvals: { id: number; kind: string; status: string; reason: string; asked_at: string; decided_at: string | null; detail: Record<string, unknown> }[];
  links: Related[];
  relations: (Related & { relation: "merged_into" | "merged_from" | "split_to" | "split_from" })[];
}

export interface Related {
  id: number;
  number: string | null;
  stage: Stage;
  class_code: string;
}

export interface Action {
  action: string;
  label: string;
  possible: boolean;
  code: "not_allowed" | "wrong_stage" | "guard_failed" | null;
  why: string | null;
  to: Stage | null;
}

export interface TimelineEvent {
  seq: number;
  at: string;
  action: string;
  by: { kind: string; account_id: number | null; name: string | null };
  before: Record<string, unknown>;
  after: Record<string, unknown>;
  words: string;
  words_erased: boolean;
}

export interface Counts {
  by_stage: Partial<Record<Stage, number>>;
  by_colour: { red: number; yellow: number; green: number; grey: number };
  open: number;
}

export interface Page<Row> {
  items: Row[];
  next: string | null;
}
