/** Who works here: the account, its post and what the post carries. */
import { computed, shallowRef, watch } from "vue";

import { api, body, onSignedOut } from "../api/client";
import type { components } from "../api/schema";
import { connect, disconnect } from "../live/stream";

export type Me = components["schemas"]["Me"];

export const me = shallowRef<Me | null>(null);
export const post = computed(() => me.value?.posts.find((each) => each.id === me.value?.post));
let asked = false;

export function may(action: string): boolean {
  return me.value?.actions.includes(action) ?? false;
}

// Who may not hear anything yet (no post, a password to change) is refused by the stream.
watch(me, () => may("stream.read") && connect(), { flush: "sync" });

/** Who the session belongs to; asks the server once. */
export async function whoAmI(): Promise<Me | null> {
  if (asked) return me.value;
  try {
    me.value = await body<Me>(api.GET("/api/v1/session"));
  } catch {
    me.value = null; // not signed in, or the server is away: the sign-in page says which
  }
  asked = true;
  return me.value;
}

/** The first step. A ticket means that a code is still due; nothing means that we are in. */
export async function signIn(username: string, password: string): Promise<string | null> {
  const found = await body<Me | { ticket: string }>(api.POST("/api/v1/session", { body: { username, password } }));
  if ("ticket" in found) return found.ticket;
  me.value = found;
  asked = true;
  return null;
}

export async function secondStep(ticket: string, code: string): Promise<void> {
  me.value = await body<Me>(api.POST("/api/v1/session/second-step", { body: { ticket, code } }));
  asked = true;
}

/** What the server says of us, after something about the account has changed. */
export async function readAgain(): Promise<void> {
  me.value = await body<Me>(api.GET("/api/v1/session"));
}

/** Whether something has to be done about the account before any work. */
export const unready = computed(() => !!me.value && (me.value.must_change_password || me.value.must_enrol));

export async function switchPost(id: number): Promise<void> {
  await api.POST("/api/v1/session/post", { body: { post: id } });
  window.location.assign("/desk/"); // everything on show belonged to the other post
}

export async function signOut(): Promise<void> {
  await api.DELETE("/api/v1/session");
  forget();
}

function forget(): void {
  disconnect();
  me.value = null;
}

onSignedOut(forget);
