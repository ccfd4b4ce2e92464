/** What this device keeps: one database for each account, so that no query can forget whose it is,
 * and a small one that knows which accounts were here. Used by the page and the service worker. */
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";

import type { Me } from "../account/shape";
import type { Entry } from "../outbox/shape";

/** A photo or file, stored once under the digest of its bytes. */
export interface Kept {
  sha256: string;
  blob: Blob;
  type: string;
  name: string;
  size: number;
  made: number;
  /** What the camera and the device said when it was taken. */
  seal: Record<string, unknown>;
  /** Whether the server has all of it. */
  sent: boolean;
}

export interface CachedPage {
  path: string;
  at: number; // ms
  data: unknown;
}

interface Own extends DBSchema {
  pages: { key: string; value: CachedPage };
  writes: { key: string; value: Entry; indexes: { seq: number } };
  photos: { key: string; value: Kept };
  drafts: { key: string; value: { id: string; at: number } & Record<string, unknown> };
  pictures: { key: string; value: { url: string; blob: Blob; at: number } };
  notes: { key: string; value: { key: string; value: unknown } };
}

interface Device extends DBSchema {
  people: { key: number; value: { account: number; me: Me; at: number } };
  notes: { key: string; value: { key: string; value: unknown } };
}

export type Store = IDBPDatabase<Own>;
const opened = new Map<number, Promise<Store>>();
let device: Promise<IDBPDatabase<Device>> | null = null;

/** The database of one account. */
export function storeOf(account: number): Promise<Store> {
  let found = opened.get(account);
  if (!found) {
    found = openDB<Own>(`mengding-field-${account}`, 1, {
      upgrade(db) {
        db.createObjectStore("pages", { keyPath: "path" });
        db.createObjectStore("writes", { keyPath: "id" }).createIndex("seq", "seq");
        db.createObjectStore("photos", { keyPath: "sha256" });
        db.createObjectStore("drafts", { keyPath: "id" });
        db.createObjectStore("pictures", { keyPath: "url" });
        db.createObjectStore("notes", { keyPath: "key" });
      },
      blocking: () => void close(account),
      terminated: () => void opened.delete(account),
    });
    found.catch(() => opened.delete(account));
    opened.set(account, found);
  }
  return found;
}

async function close(account: number): Promise<void> {
  const found = opened.get(account);
  opened.delete(account);
  (await found)?.close();
}

function theDevice(): Promise<IDBPDatabase<Device>> {
  device ??= openDB<Device>("mengding-field", 1, {
    upgrade(db) {
      db.createObjectStore("people", { keyPath: "account" });
      db.createObjectStore("notes", { keyPath: "key" });
    },
    terminated: () => (device = null),
  });
  device.catch(() => (device = null));
  return device;
}

/** Whose app this is, as last known: the account that signed in and did not sign out. */
export async function lastHere(): Promise<Me | null> {
  const db = await theDevice();
  const current = (await db.get("notes", "current"))?.value;
  return typeof current === "number" ? ((await db.get("people", current))?.me ?? null) : null;
}

export async function rememberHere(me: Me): Promise<void> {
  const tx = (await theDevice()).transaction(["people", "notes"], "readwrite");
  // The token belongs to the session, not to what lies on the device.
  await tx.objectStore("people").put({ account: me.account_id, me: { ...me, csrf_token: "" }, at: Date.now() });
  await tx.objectStore("notes").put({ key: "current", value: me.account_id });
  await tx.done;
}

/** Nobody's app any more. What is still unsent stays in its account's database, the rest goes. */
export async function forgetHere(account: number): Promise<void> {
  const db = await theDevice();
  if ((await db.get("notes", "current"))?.value === account) await db.delete("notes", "current");
  await db.delete("people", account);
  const own = await storeOf(account);
  if (await unsent(own)) {
    await db.put("notes", { key: `waits-${account}`, value: true });
    await Promise.all([own.clear("pages"), own.clear("pictures"), own.clear("notes")]);
  } else {
    await db.delete("notes", `waits-${account}`);
    await close(account);
    await deleteDB(`mengding-field-${account}`);
  }
}

/** How much of an account would be lost if its database went: writes and drafts. */
export async function unsent(own: Store): Promise<number> {
  const writes = await own.getAll("writes");
  return writes.filter((each) => each.state !== "done").length + (await own.count("drafts"));
}

/** How many accounts have left something unsent on this device; not who, nor what. */
export async function othersWaiting(): Promise<number> {
  return (await (await theDevice()).getAllKeys("notes")).filter((key) => key.startsWith("waits-")).length;
}

export async function noLongerWaiting(account: number): Promise<void> {
  await (await theDevice()).delete("notes", `waits-${account}`);
}

/** A signing-out that has not reached the server yet. */
export async function owedSignOut(value?: boolean): Promise<boolean> {
  const db = await theDevice();
  if (value !== undefined) await db.put("notes", { key: "sign-out", value });
  return (await db.get("notes", "sign-out"))?.value === true;
}
