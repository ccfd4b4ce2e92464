/** The outbox of the account of now. Every write of the field app goes through `enqueue`: it is on
 * the device before the screen says so, and on the server as soon as there is a way. */
import { computed, shallowRef, watch } from "vue";

import { ask, expired, me } from "../account/session";
import { onceKey } from "../key";
import { reached } from "../reach";
import { storeOf } from "../store/db";
import { dropOld } from "../store/spare";
import { full, keeping } from "./room";
import { channel, sendAll, told } from "./send";
import type { Entry, Write } from "./shape";

export { keepPhoto, photo } from "./photos";
export { keeping, NoRoom } from "./room";
export type { Entry, Write } from "./shape";

const KEEP_DONE = 3 * 24 * 3600_000; // ms: what was sent stays visible that long
const LOOK = 45_000; // ms
const AGREEABLE = /\/(accept|assist_accept|arrive)$/;

/** All writes of this account on this device, oldest first. */
export const entries = shallowRef<Entry[]>([]);
export const unfinished = computed(() => entries.value.filter((each) => each.state !== "done"));
export const needing = computed(() => entries.value.filter((each) => each.state === "needs"));

/** What is said about one thing and has not arrived yet: "not sent yet" marks. */
export function pending(about: string): Entry[] {
  return unfinished.value.filter((each) => each.about === about);
}

/** The same, with what has arrived since `seen` (ms): what was read here then does not show it yet. */
export function unseen(about: string, seen: number): Entry[] {
  return entries.value.filter((each) => each.about === about && (each.state !== "done" || (each.finished ?? 0) > seen));
}

/** Put a write into the outbox; it is safe when this resolves. Raises `NoRoom` when the device is
 * full: say so, and keep what the person wrote on the screen. */
export async function enqueue(write: Write): Promise<Entry> {
  const [entry] = await enqueueAll([write]);
  return entry!;
}

/** Several writes, all or none; with them goes the draft they were made from, and the refused write
 * they stand for. A write may bring its `id` (from `onceKey`), so that others can depend on it. */
export async function enqueueAll(writes: (Write & { id?: string })[], from: { draft?: string; replaces?: string } = {}): Promise<Entry[]> {
  if (!me.value) throw new Error("nobody is here");
  const { account_id: account, post } = me.value;
  const found = writes.map((write): Entry => ({
    ...plain(write), method: write.method ?? "POST", id: write.id ?? onceKey(), seq: 0, account, post, state: "waiting",
    made: Date.now(), tries: 0, next: 0, first: null, said: null, answer: null, finished: null,
  }));
  const store = await storeOf(account);
  await keeping(async () => {
    const tx = store.transaction(["writes", "drafts"], "readwrite");
    tx.done.catch(() => undefined); // a request that fails before says so itself
    const table = tx.objectStore("writes");
    const last = await table.index("seq").openKeyCursor(null, "prev");
    let seq = typeof last?.key === "number" ? last.key : 0;
    if (from.replaces) for (const id of withFollowers(from.replaces, await table.getAll())) await table.delete(id);
    for (const entry of found) await table.put({ ...entry, seq: (entry.seq = ++seq) });
    if (from.draft) await tx.objectStore("drafts").delete(from.draft);
    await tx.done;
  });
  await look();
  told();
  void askForSync();
  void flush();
  return found;
}

/** A write and everything that depends on it. */
function withFollowers(id: string, all: Entry[]): Set<string> {
  const found = new Set([id]);
  for (let grown = true; grown;) {
    grown = false;
    for (const each of all) {
      if (!found.has(each.id) && each.depends?.some((one) => found.has(one))) grown = Boolean(found.add(each.id));
    }
  }
  return found;
}

/** Reactive objects cannot be stored. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

/** Read the outbox afresh, and let go of what arrived long ago. */
export async function look(): Promise<void> {
  if (!me.value) {
    entries.value = [];
    return;
  }
  const store = await storeOf(me.value.account_id);
  const all = await store.getAllFromIndex("writes", "seq");
  const old = all.filter((each) => each.state === "done" && (each.finished ?? 0) < Date.now() - KEEP_DONE);
  const needed = new Set(all.flatMap((each) => (each.state === "done" ? [] : (each.depends ?? []))));
  for (const each of old) if (!needed.has(each.id)) await store.delete("writes", each.id);
  if (old.length) await dropOld(store);
  entries.value = all.filter((each) => !old.includes(each));
}

let again = 0;

/** Send what can be sent now. */
export async function flush(): Promise<void> {
  if (!me.value) return;
  window.clearTimeout(again);
  if (!unfinished.value.some((each) => each.state !== "needs")) return;
  const end = await sendAll(() => {
    void look();
    told();
  });
  if (end === "signed out") expired.value = true;
  if (end === "full") full.value = true;
  await look();
  for (const each of needing.value) {
    const now = each.said?.extra.current as { version?: number } | undefined;
    // Taking an order or arriving says nothing that somebody else's change could spoil.
    if (each.said?.code === "version_conflict" && AGREEABLE.test(each.path) && now?.version !== undefined) await resend(each.id, { body: { ...(each.body as object), version: now.version } });
  }
  if (end !== "busy" && end !== "full") reached(end !== "unreachable");
  await look();
  const next = Math.min(...unfinished.value.filter((each) => each.state === "waiting").map((each) => each.next));
  if (Number.isFinite(next)) again = window.setTimeout(() => void flush(), Math.min(LOOK, Math.max(1_500, next - Date.now())));
}

/** Try at once, whatever the pause was. */
export async function flushNow(): Promise<void> {
  if (!me.value) return;
  const store = await storeOf(me.value.account_id);
  for (const each of unfinished.value) if (each.state === "waiting" && each.next) await store.put("writes", { ...each, next: 0 });
  await flush();
}

/** Send a refused or conflicting write again, changed: with a key of its own. */
export async function resend(id: string, change: Partial<Write> = {}): Promise<void> {
  if (!me.value) return;
  const store = await storeOf(me.value.account_id);
  const tx = store.transaction("writes", "readwrite");
  const old = await tx.store.get(id);
  if (old && old.state === "needs") {
    const fresh: Entry = { ...old, ...plain(change), id: onceKey(), state: "waiting", tries: 0, next: 0, first: null, said: null };
    await tx.store.delete(id);
    await tx.store.put(fresh);
    for (const each of await tx.store.getAll()) {
      if (each.depends?.includes(id)) await tx.store.put(plain({ ...each, depends: each.depends.map((one) => (one === id ? fresh.id : one)), path: each.path.replaceAll(id, fresh.id), body: JSON.parse(JSON.stringify(each.body ?? null).replaceAll(id, fresh.id)) as unknown }));
    }
  }
  await tx.done;
  await look();
  told();
  void flush();
}

/** Throw a write away, by hand only; with it what depends on it. */
export async function discard(id: string): Promise<void> {
  if (!me.value) return;
  const tx = (await storeOf(me.value.account_id)).transaction("writes", "readwrite");
  const gone = withFollowers(id, await tx.store.getAll());
  for (const each of gone) await tx.store.delete(each);
  await tx.done;
  await look();
  told();
}

async function askForSync(): Promise<void> {
  try {
    const here = await navigator.serviceWorker?.ready;
    await (here as (ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }) | undefined)?.sync?.register("outbox");
  } catch {
    // Not allowed or not there (Safari, Firefox): the page itself sends when it is looked at.
  }
}

channel.addEventListener("message", () => void look());
watch(me, () => void look().then(flushNow), { immediate: true }); // who opens the app wants it sent, whatever the pause was
window.addEventListener("online", () => void ask().then(flushNow));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void flushNow());
window.setInterval(() => void flush(), LOOK);
