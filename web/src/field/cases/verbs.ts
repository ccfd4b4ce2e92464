/** What is done to a case on a phone, what each verb asks, and what follows while it is unsent. */
import type { Action, CaseRow } from "../../api/shapes";
import { type Field, VERBS } from "../../cases/verbs";
import type { Entry } from "../outbox/shape";
import type { Shot } from "../report/draft";
import type { ListName, Work } from "./shapes";

type Purpose = Shot["purpose"];

interface Verb {
  fields: Field[];
  /** Photos that go with it, in one transaction. */
  photos?: Purpose[];
  /** Photos attached before it, each a write of its own. */
  before?: Purpose[];
}

const long = (name: string): Field => ({ name, kind: "long", needed: true });
const asked = (name: string): Field[] => VERBS[name] ?? [];

/** In the order in which they are offered: the first possible one is the big button. */
export const PHONE: Record<string, Verb> = {
  accept: { fields: [] },
  assist_accept: { fields: [] },
  arrive: { fields: [] },
  report_check: { fields: asked("report_check"), photos: ["check"] },
  feed_back: { fields: asked("feed_back"), photos: ["before", "after"] },
  assist_done: { fields: asked("assist_done"), photos: ["after"] },
  start_check: { fields: [] },
  close: { fields: asked("close"), before: ["check"] },
  rework: { fields: asked("rework"), before: ["check"] },
  resume: { fields: asked("resume") },
  ask_help: { fields: [long("text")] },
  request_extension: { fields: asked("request_extension") },
  request_return: { fields: asked("request_return") },
  request_suspension: { fields: asked("request_suspension") },
  request_appeal: { fields: asked("request_appeal") },
  note: { fields: asked("note") },
};
const ORDER = Object.keys(PHONE);
const ASKS = ["ask_help", "request_extension", "request_return", "request_suspension", "request_appeal", "note", "resume"];
/** What the thumb finds as the big button; the rest is under "more". */
export const isMain = (verb: string): boolean => !ASKS.includes(verb);

export const aboutCase = (id: number): string => `case:${id}`;
/** The verb of a write on a case; null for photos. */
export const verbOf = (entry: Pick<Entry, "path">): string | null => /^\/cases\/\d+\/(\w+)$/.exec(entry.path)?.[1] ?? null;

/** What opens and what closes when a verb has been done here and the server has not heard of it. */
const OPENS: Record<string, string[]> = {
  accept: ["arrive", "feed_back", "ask_help", "request_extension", "request_return", "note"],
  assist_accept: ["arrive", "assist_done", "note"],
  start_check: ["close", "rework", "note"],
};
const ENDS = new Set(["feed_back", "assist_done", "close", "rework", "report_check", "request_return", "request_suspension"]);

/** The actions of now, with what waits in the outbox already done. */
export function foreseen(actions: Action[], waiting: Entry[], labels: (verb: string) => string): Action[] {
  let found = actions.filter((each) => each.action in PHONE);
  for (const entry of waiting) {
    const verb = verbOf(entry);
    if (!verb || entry.state === "needs") continue;
    const opened = OPENS[verb] ?? [];
    found = found.map((each): Action => {
      if (each.action === verb && verb !== "note") return { ...each, possible: false, code: "wrong_stage", why: null };
      if (ENDS.has(verb) && each.action !== "note") return { ...each, possible: false, code: "wrong_stage", why: null };
      return opened.includes(each.action) ? { ...each, possible: true, code: null, why: null } : each;
    });
    for (const each of opened) if (!found.some((one) => one.action === each)) found.push({ action: each, label: labels(each), possible: true, code: null, why: null, to: null });
  }
  return found.sort((a, b) => ORDER.indexOf(a.action) - ORDER.indexOf(b.action));
}

const MOVES: Record<string, ListName> = { accept: "todo", assist_accept: "todo", start_check: "todo", feed_back: "done", assist_done: "done", report_check: "done", close: "done", rework: "done" };

/** The lists as they will be once everything unsent has arrived. */
export function foreseenLists(work: Work, waiting: Entry[]): Work {
  const moved = new Map<number, ListName>();
  for (const entry of waiting) {
    const verb = verbOf(entry);
    const to = verb ? MOVES[verb] : undefined;
    const id = Number(/^case:(\d+)$/.exec(entry.about ?? "")?.[1]);
    if (to && id && entry.state !== "needs") moved.set(id, to);
  }
  if (!moved.size) return work;
  const found: Work = { accept: { count: work.accept.count, items: [] }, todo: { count: work.todo.count, items: [] }, returned: { count: work.returned.count, items: [] }, done: { count: work.done.count, items: [] } };
  const came: { row: CaseRow; to: ListName }[] = [];
  for (const name of Object.keys(work) as ListName[]) {
    for (const row of work[name].items) {
      const to = moved.get(row.id);
      if (to && to !== name) {
        came.push({ row, to });
        found[name].count--;
      } else found[name].items.push(row);
    }
  }
  for (const { row, to } of came) {
    found[to].items.unshift(row);
    found[to].count++;
  }
  return found;
}

/** The answer to a demand that was written here and is not yet in what was read at `seen` (ms). */
export function answered(demand: number, all: Entry[], seen: number): Entry | undefined {
  return all.find((each) => each.path === `/supervision/demands/${demand}/answer` && each.state !== "needs" && (each.state !== "done" || (each.finished ?? 0) > seen));
}
