/** Sending what waits: the same code in the page and in the service worker, one at a time over all
 * of them. A write keeps its key for ever, so that sending it twice is harmless; the session must
 * be that of the account and post it was written in, and the server holds us to it (X-Acting). */
import { Problem } from "../../api/problem";
import type { Me } from "../account/shape";
import { call } from "../net";
import { type Store, storeOf } from "../store/db";
import { lockedOrNot } from "../store/lock";
import { clearSpare, isFull } from "../store/spare";
import { filled } from "./fill";
import type { Entry, Said } from "./shape";
import { forgetSent, upload } from "./upload";

/** How a round ended: nothing left to do now, nothing left but what has to pause, no network, signed
 * out, the device is full, or somebody else is at it. */
export type End = "through" | "later" | "unreachable" | "signed out" | "full" | "busy";

const KEY_LIVES = 6.5 * 24 * 3600_000; // ms: the server forgets keys after seven days
const FIRST_PAUSE = 1_000; // ms
const LONGEST_PAUSE = 5 * 60_000; // ms

export const channel = new BroadcastChannel("mengding-field");

/** Say everywhere that the outbox of this device has changed. */
export function told(): void {
  channel.postMessage("outbox");
}

/** Send everything whose turn it is. `back`: the network has just come back, so that what paused for
 * want of it need not wait any longer. */
export async function sendAll(changed: () => void = told, back = false): Promise<End> {
  let end: End = "busy";
  await lockedOrNot("outbox", async () => {
    end = await round(changed, back);
  });
  return end;
}

async function round(changed: () => void, back: boolean): Promise<End> {
  let me: Me;
  try {
    me = (await call<Me>("/session")).data;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return "signed out";
    if (error instanceof Problem) return "unreachable";
    throw error;
  }
  const store = await storeOf(me.account_id);
  if (back) await endPauses(store);
  try {
    for (;;) {
      const entry = await nextOf(store, me);
      if (!entry) return (await paused(store, me)) ? "later" : "through";
      const end = await sendOne(store, entry, me, changed);
      if (end) return end;
    }
  } catch (error) {
    if (isFull(error)) return "full";
    throw error;
  }
}

/** Let go what paused because nothing could be reached; what the server put off waits on. */
async function endPauses(store: Store): Promise<void> {
  for (const each of await store.getAll("writes")) {
    if (each.state === "waiting" && each.next && !each.said) await store.put("writes", { ...each, next: 0 });
  }
}

/** Whether something of this person waits for the end of its pause. */
async function paused(store: Store, me: Me): Promise<boolean> {
  return (await store.getAll("writes")).some((each) => each.state === "waiting" && each.post === me.post && each.next > Date.now());
}

/** The earliest write whose turn it is. Writes about one thing keep their order. */
async function nextOf(store: Store, me: Me): Promise<Entry | null> {
  const all = await store.getAllFromIndex("writes", "seq");
  const open = new Map(all.filter((each) => each.state !== "done").map((each) => [each.id, each]));
  const held = new Set<string>();
  for (const entry of all) {
    if (entry.state === "done") continue;
    const behind = entry.about !== undefined && held.has(entry.about);
    if (entry.about !== undefined) held.add(entry.about);
    const ready = entry.state !== "needs" && entry.post === me.post && entry.next <= Date.now();
    if (ready && !behind && !entry.depends?.some((id) => open.has(id))) return entry;
  }
  return null;
}

/** Try one; an end when nothing else has a chance now. */
async function sendOne(store: Store, entry: Entry, me: Me, changed: () => void): Promise<End | null> {
  const save = async (next: Partial<Entry>) => {
    const now = await store.get("writes", entry.id);
    if (!now) return; // discarded meanwhile
    try {
      await store.put("writes", { ...now, ...next });
    } catch (error) {
      // The way out of a full device is to send: what is on the server makes room.
      if (!isFull(error) || !(await clearSpare(store))) throw error;
      await store.put("writes", { ...now, ...next });
    }
    changed();
  };
  if (entry.first !== null && Date.now() - entry.first > KEY_LIVES) {
    await save({ state: "needs", said: ours("key_old") });
    return null;
  }
  await save({ state: "sending" });
  const headers = {
    "X-CSRFToken": me.csrf_token, "X-Acting": `${me.account_id}/${me.post ?? ""}`, "Accept-Language": navigator.language.startsWith("zh") ? "zh-CN" : "en",
  };
  let begun = false;
  try {
    for (const sha256 of entry.photos ?? []) await upload(store, sha256, headers);
    const answers = await answersFor(store, entry);
    await save({ first: entry.first ?? Date.now() }); // from here on it may have reached the server
    begun = true;
    const { data } = await call<unknown>(filled(entry.path, answers), {
      method: entry.method, body: filled(entry.body, answers), headers: { ...headers, "Idempotency-Key": entry.id },
    });
    await save({ state: "done", answer: data, said: null, finished: Date.now() });
    return null;
  } catch (error) {
    if (!(error instanceof Problem)) {
      await save({ state: "needs", said: ours("device", String(error)) });
      return null;
    }
    if (error.code === "upload_missing") {
      await forgetSent(store, entry.photos ?? []);
      await save({ state: "waiting", first: entry.first, tries: entry.tries + 1, next: Date.now() + FIRST_PAUSE });
      return null;
    }
    return failed(entry, error, begun, save);
  }
}

async function failed(entry: Entry, error: Problem, begun: boolean, save: (next: Partial<Entry>) => Promise<void>): Promise<End | null> {
  const tries = entry.tries + 1;
  const said: Said = { status: error.status, code: error.code, detail: error.detail, field: error.field, extra: error.extra };
  // A refusal is an answer: nothing of this write is on the server, its key may be used for ever.
  const settled = begun && error.status >= 400 && error.status < 500 ? { first: entry.first } : {};
  if (error.status === 401 || error.code === "acting_differs" || error.code === "csrf_failed") {
    await save({ state: "waiting", next: error.status === 401 ? 0 : Date.now() + FIRST_PAUSE, ...settled });
    return error.status === 401 ? "signed out" : "through"; // the next round asks anew who we are
  }
  if (error.status === 0 || error.status === 408 || error.status === 425 || error.status === 429 || error.status >= 500) {
    const asked = Number(error.extra.retry_after) * 1000;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(tries - 1, 9)) * (0.8 + Math.random() * 0.4);
    await save({ state: "waiting", tries, next: Date.now() + (asked || pause), said: error.status ? said : null, ...settled });
    return error.status === 0 ? "unreachable" : null;
  }
  await save({ state: "needs", tries, said, ...settled });
  return null;
}

/** Something said by the device itself; the words stand in texts.ts. */
function ours(code: string, detail = ""): Said {
  return { status: 0, code, detail, field: null, extra: {} };
}

async function answersFor(store: Store, entry: Entry): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const id of entry.depends ?? []) found[id] = (await store.get("writes", id))?.answer;
  return found;
}
