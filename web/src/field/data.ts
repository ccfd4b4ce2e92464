/** Reading: from the server where it can be reached, else what this account last read here. */
import { onScopeDispose, ref, shallowRef, watch } from "vue";

import { Problem } from "../api/problem";
import { language } from "../i18n";
import { expired, me } from "./account/session";
import { call } from "./net";
import { reached } from "./reach";
import { storeOf } from "./store/db";

export interface Read<Shape> {
  data: Shape;
  /** When the server was asked; ms. */
  at: number;
  /** From this device: the server could not be reached, or does not know us. */
  kept: boolean;
}

const PATIENCE = 8_000; // ms: on a bad line, what is here is better than waiting
// Never kept, not even masked: how to reach a person.
const CONTACT = new Set(["contact", "contacts", "phone", "mobile", "email", "id_number", "csrf_token", "secret", "qr"]);

/** The same without contact data. */
export function withoutContact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutContact);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !CONTACT.has(key)).map(([key, each]) => [key, withoutContact(each)]));
}

/** What lies here of an earlier reading. */
export async function lying<Shape>(path: string): Promise<Read<Shape> | null> {
  if (!me.value) return null;
  try {
    const found = await (await storeOf(me.value.account_id)).get("pages", path);
    return found ? { data: found.data as Shape, at: found.at, kept: true } : null;
  } catch {
    return null; // no database (a private window): only the network is left
  }
}

async function fetched<Shape>(path: string, patience: number): Promise<Read<Shape>> {
  const account = me.value?.account_id;
  const at = Date.now(); // what arrives there from now on may not be in the answer
  const { data } = await call<Shape>(path, { patience, headers: { "Accept-Language": language.value === "zh" ? "zh-CN" : "en" } });
  reached(true);
  if (account !== undefined && account === me.value?.account_id) {
    try {
      await (await storeOf(account)).put("pages", { path, at, data: withoutContact(data) });
    } catch {
      // A full device: what was read is shown all the same, only not kept.
    }
  }
  return { data, at, kept: false };
}

/** GET `path` (below /api/v1): from the server, else from this device with its age. Raises
 * `Problem` when there is neither, or when the server refuses. */
export async function cached<Shape>(path: string): Promise<Read<Shape>> {
  const old = await lying<Shape>(path);
  try {
    return await fetched<Shape>(path, old ? PATIENCE : 30_000);
  } catch (error) {
    if (error instanceof Problem) reached(error.status !== 0);
    if (error instanceof Problem && error.status === 401) expired.value = me.value !== null;
    const away = error instanceof Problem && (error.status === 0 || error.status === 401 || error.status >= 500);
    if (old && away) return old;
    if (old) await (await storeOf(me.value?.account_id ?? 0)).delete("pages", path);
    throw error;
  }
}

/** The same for a page: what lies here is shown at once, the server's answer when it comes. Reads
 * again when the network is back, the page comes to the front, and on `again()`. */
export function useCached<Shape>(path: () => string | null) {
  const data = shallowRef<Shape>();
  const at = ref(0);
  const kept = ref(false);
  const busy = ref(false);
  const error = shallowRef<unknown>();
  let turn = 0;

  async function again(): Promise<void> {
    const wanted = path();
    const mine = ++turn;
    if (!wanted) return;
    busy.value = true;
    const take = (found: Read<Shape>) => {
      if (mine !== turn) return;
      [data.value, at.value, kept.value, error.value] = [found.data, found.at, found.kept, undefined];
    };
    try {
      if (data.value === undefined) {
        const old = await lying<Shape>(wanted);
        if (old) take(old);
      }
      take(await cached<Shape>(wanted));
    } catch (found) {
      if (mine !== turn) return;
      const gone = found instanceof Problem && (found.status === 403 || found.status === 404);
      if (gone) data.value = undefined; // not ours any more: what lies here is not shown either
      if (data.value === undefined) error.value = found;
      else kept.value = true;
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  const wake = () => document.visibilityState === "visible" && void again();
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  onScopeDispose(() => {
    window.removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
  });
  watch(path, () => {
    data.value = undefined;
    void again();
  }, { immediate: true });
  return { data, at, kept, busy, error, again };
}
