/** What each verb of the lifecycle asks for; the shapes of `cases/api/*.py`. */
export type Kind = "text" | "long" | "yes" | "number" | "moment" | "class" | "condition" | "organisation" | "organisations" | "outcome" | "case" | "reports" | "satisfaction" | "service";

export interface Field {
  name: string;
  kind: Kind;
  needed?: boolean;
}

const needed = (name: string, kind: Kind = "long"): Field => ({ name, kind, needed: true });
const may = (name: string, kind: Kind = "long"): Field => ({ name, kind });

export const VERBS: Record<string, Field[]> = {
  amend: [may("class_code", "class"), may("description"), may("address", "text"), may("reason", "text")],
  request_check: [may("note")],
  report_check: [may("confirmed", "yes"), needed("finding")],
  file: [needed("condition_code", "condition")],
  decline: [needed("reason"), needed("where_to_go", "text")],
  hand_over: [needed("service", "service"), may("note")],
  escalate: [needed("reason")],
  delegate: [may("reason")],
  supervise: [needed("demand")],
  dispatch: [may("lead_org_id", "organisation"), may("assist_org_ids", "organisations"), may("note")],
  reassign: [needed("lead_org_id", "organisation"), may("assist_org_ids", "organisations"), needed("reason")],
  accept: [],
  assist_accept: [],
  assist_done: [needed("report")],
  arrive: [],
  ask_help: [needed("text")],
  answer_help: [may("assist_org_ids", "organisations"), may("note")],
  feed_back: [needed("report")],
  request_return: [needed("reason")],
  request_extension: [needed("amount", "number"), needed("reason")],
  request_suspension: [needed("until", "moment"), needed("reason")],
  request_appeal: [needed("reason")],
  request_void: [needed("reason")],
  grant: [may("note")],
  refuse: [needed("reason")],
  resume: [may("reason")],
  start_check: [may("note")],
  close: [needed("outcome", "outcome"), may("condition_met", "yes"), needed("finding")],
  rework: [needed("reason")],
  call_back: [needed("satisfaction", "satisfaction"), may("resolved", "yes"), may("note")],
  uphold: [needed("finding")],
  reopen: [needed("reason")],
  merge: [needed("into_id", "case"), may("reason", "text")],
  link: [needed("other_id", "case")],
  split: [needed("report_ids", "reports"), needed("description")],
  reply: [needed("text")],
  note: [needed("text")],
};

/** Steps along the line come first, and one of them is the obvious one. */
export const FORWARD = ["file", "dispatch", "answer_help", "accept", "feed_back", "start_check", "close", "report_check", "resume", "grant", "assist_accept", "assist_done"];
