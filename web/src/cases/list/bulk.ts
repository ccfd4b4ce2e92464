/** Runs of one verb on many cases, wherever in the console one is. */
import { ref } from "vue";

import { api, body, onceKey, Problem } from "../../api/client";
import type { components } from "../../api/schema";

export type Run = components["schemas"]["BulkRun"];
export type RunWhole = components["schemas"]["BulkRunWhole"];
export type Previewed = components["schemas"]["BulkCase"];
export interface Told { run: Run; left: number; items?: RunWhole["items"] }

export const VERBS_IN_BULK = ["dispatch", "reassign", "accept", "request_check", "start_check", "supervise", "escalate", "delegate", "merge", "note"];
export const MOST = 500;
const WAIT = 10; // s

export const told = ref<Told | null>(null);
export const problem = ref("");
let timer = 0;
let ahead = 0; // ms between the server's clock and ours

export async function schedule(verb: string, fields: Record<string, unknown>, cases: { id: number; version: number }[], key = onceKey()): Promise<void> {
  const asked = Date.now();
  const run = await body<Run>(api.POST("/api/v1/cases/bulk", { body: { verb, fields, cases, wait: WAIT }, params: { header: { "Idempotency-Key": key } } }));
  ahead = Date.parse(run.due_at) - WAIT * 1000 - asked;
  follow(run);
}

/** What still waits or works from before: the window was closed, the page loaded again. */
export async function resume(): Promise<void> {
  const found = await body<{ items: Run[] }>(api.GET("/api/v1/cases/bulk")).catch(() => null);
  const run = found?.items.find((each) => each.status === "waiting" || each.status === "running");
  if (run && !told.value) follow(run);
}

function follow(run: Run): void {
  window.clearTimeout(timer);
  problem.value = "";
  told.value = { run, left: left(run) };
  timer = window.setTimeout(() => void tick(run.id), 250);
}
const left = (run: Run) => Math.max(0, Math.ceil((Date.parse(run.due_at) - ahead - Date.now()) / 1000));

async function tick(id: number): Promise<void> {
  const now = told.value;
  if (!now || now.run.id !== id) return;
  const rest = left(now.run);
  if (now.run.status === "waiting" && rest > 0) {
    told.value = { ...now, left: rest };
    timer = window.setTimeout(() => void tick(id), 250);
    return;
  }
  const whole = await body<RunWhole>(api.GET("/api/v1/cases/bulk/{run_id}", { params: { path: { run_id: id } } })).catch(() => null);
  if (told.value?.run.id !== id) return;
  if (whole) told.value = { run: whole, left: 0, items: whole.items };
  if (!whole || whole.status === "waiting" || whole.status === "running") timer = window.setTimeout(() => void tick(id), 800);
  else if (!whole.refused) timer = window.setTimeout(() => close(id), 8000);
}

export async function recall(): Promise<void> {
  const now = told.value;
  if (!now) return;
  try {
    const run = await body<Run>(api.POST("/api/v1/cases/bulk/{run_id}/recall", { params: { path: { run_id: now.run.id } } }));
    told.value = { run, left: 0 };
    window.clearTimeout(timer);
    timer = window.setTimeout(() => close(run.id), 5000);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problem.value = error.detail;
    void tick(now.run.id);
  }
}

export function close(id = told.value?.run.id): void {
  if (told.value?.run.id === id) told.value = null;
}
