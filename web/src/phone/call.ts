/** One call as it is being taken down, and what is sent of it. */
import { reactive, watch } from "vue";

import type { components } from "../api/schema";
import type { CaseRow } from "../api/shapes";
import { me } from "../session/session";

export interface Place { code: string; label: string; lon?: number; lat?: number }
export interface Call { words: string; place: Place | null; address: string; class_code: string; name: string; phone: string; since: number }
export interface Candidate extends CaseRow { score: number; distance_m: number | null; similarity: number; same_class: boolean; shared: string[] }
export type Service = components["schemas"]["Emergency"];
export interface Result { kind: "new" | "joined" | "handed"; case_id: number; number: string; seconds: number; service?: Service; line: string }

// A reload in the middle of a call loses nothing. The name and number are in it too, so it lives
// in the tab's own storage, which ends with the tab, and never in localStorage: that stays on the
// disk of a shared desk for whoever sits down next. It is dropped once the call is sent.
const KEY = "phone.draft";

const empty = (): Call => ({ words: "", place: null, address: "", class_code: "", name: "", phone: "", since: 0 });

export const call = reactive<Call>(empty());

/** Brings back the draft of whoever is signed in, and nobody else's; whether there was one. */
export function restore(): boolean {
  const stored = sessionStorage.getItem(KEY);
  const { account, ...draft } = (stored ? JSON.parse(stored) : {}) as Partial<Call> & { account?: number };
  const mine = account !== undefined && account === me.value?.account_id;
  Object.assign(call, empty(), mine ? draft : {});
  if (!mine) sessionStorage.removeItem(KEY);
  return mine;
}

export function clear(): void {
  Object.assign(call, empty());
}

export const begun = () => !!(call.words || call.address || call.name || call.phone || call.class_code);

watch(call, () => {
  if (!begun()) {
    call.since = 0;
    sessionStorage.removeItem(KEY);
    return;
  }
  call.since ||= Date.now();
  sessionStorage.setItem(KEY, JSON.stringify({ ...call, account: me.value?.account_id }));
});

/** The call as a report. */
export function report(words = call.words) {
  const { place } = call;
  const exact = place?.lon !== undefined;
  return {
    description: words.trim(), channel: "phone" as const, class_code: call.class_code, address: call.address.trim(),
    region_code: exact ? null : (place?.code ?? null), lon: place?.lon ?? null, lat: place?.lat ?? null,
    contact: { name: call.name.trim(), phone: call.phone.trim(), email: "" }, source: "", source_ref: "",
  };
}

export const mac = /Mac/.test(navigator.platform);
/** What the key is called on this keyboard. */
export const ALT = mac ? "⌥" : "Alt";

/** "0:42" */
export function clockOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
