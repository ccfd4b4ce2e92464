/** Whose app this is. It opens with what the device remembers and asks the server behind it: no
 * network, no signal and an expired session never keep a worker from their own work. */
import { computed, shallowRef } from "vue";

import { api, body, onSignedOut, Problem } from "../../api/client";
import { noLongerWaiting, forgetHere, lastHere, owedSignOut, rememberHere } from "../store/db";
import { reached } from "../reach";
import { locked } from "../store/lock";
import type { Me } from "./shape";

export const me = shallowRef<Me | null>(null);
export const post = computed(() => me.value?.posts.find((each) => each.id === me.value?.post));
/** The server does not know us any more: reading and writing go on here, sending waits. */
export const expired = shallowRef(false);
export const unready = computed(() => !!me.value && (me.value.must_change_password || me.value.must_enrol));

export function may(action: string): boolean {
  return me.value?.actions.includes(action) ?? false;
}

let first: Promise<void> | null = null;

/** Once the device has said who was here last; the server is asked where it knows nobody. */
export function ready(): Promise<void> {
  first ??= (async () => {
    me.value = await lastHere().catch(() => null); // private windows may have no database
    if (me.value) void ask();
    else await ask();
  })();
  return first;
}

/** Ask the server who we are. Quiet when it cannot be reached. */
export async function ask(): Promise<void> {
  try {
    if (await owedSignOut()) {
      await api.DELETE("/api/v1/session");
      await owedSignOut(false);
    }
    const found = await body<Me>(api.GET("/api/v1/session"));
    reached(true);
    if (me.value && (found.account_id !== me.value.account_id || found.post !== me.value.post)) {
      // Somebody signed in, or changed the post, in another window of this browser.
      if (found.account_id !== me.value.account_id) await forgetHere(me.value.account_id);
      await rememberHere(found);
      window.location.assign("/field/");
      return;
    }
    await entered(found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    reached(error.status !== 0);
    if (error.status === 401) expired.value = me.value !== null;
  }
}

async function entered(found: Me): Promise<void> {
  me.value = found;
  expired.value = false;
  reached(true);
  await rememberHere(found);
}

/** The first step. A ticket means that a code is still due; nothing means that we are in. */
export async function signIn(username: string, password: string): Promise<string | null> {
  return locked("session", async () => {
    if (await owedSignOut()) await api.DELETE("/api/v1/session");
    await owedSignOut(false);
    const found = await body<Me | { ticket: string }>(api.POST("/api/v1/session", { body: { username, password } }));
    if ("ticket" in found) return found.ticket;
    await changeTo(found);
    return null;
  });
}

export async function secondStep(ticket: string, code: string): Promise<void> {
  await locked("session", async () => changeTo(await body<Me>(api.POST("/api/v1/session/second-step", { body: { ticket, code } }))));
}

/** In, as somebody: what the one before had cached here goes, unless it is the same person. */
async function changeTo(found: Me): Promise<void> {
  const before = await lastHere();
  if (before && before.account_id !== found.account_id) await forgetHere(before.account_id);
  await noLongerWaiting(found.account_id);
  await entered(found);
}

export async function changePassword(old_password: string, new_password: string): Promise<void> {
  await entered(await body<Me>(api.POST("/api/v1/session/password", { body: { old_password, new_password } })));
}

export async function switchPost(id: number): Promise<void> {
  await locked("session", async () => rememberHere(await body<Me>(api.POST("/api/v1/session/post", { body: { post: id } }))));
  window.location.assign("/field/"); // everything on show belonged to the other post
}

/** Out. What is still unsent stays on the device for this account. */
export async function signOut(): Promise<void> {
  const account = me.value?.account_id;
  await locked("session", async () => {
    try {
      await api.DELETE("/api/v1/session");
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 0) throw error;
      await owedSignOut(true); // no network: the server hears of it before anything else
    }
    if (account !== undefined) await forgetHere(account);
  });
  window.location.assign("/field/sign-in");
}

onSignedOut(() => (expired.value = me.value !== null));
