/** Sends where this phone is while its owner is on duty, and at no other time: the position is not
 * even read. Fixes wait in a bounded queue for a network; what the server drops on purpose goes. */
import { computed, effectScope, ref, watch } from "vue";

import { Problem } from "../../api/problem";
import type { components } from "../../api/schema";
import { cached } from "../data";
import { onceKey } from "../key";
import { call } from "../net";
import { entries } from "../outbox";
import { gcj02 } from "../place/device";
import { reached } from "../reach";
import { may, me } from "../account/session";
import { dropOthers, Queue, type Waiting } from "./queue";

type Duty = components["schemas"]["MyDuty"];
interface Answered { kept: number; fixes: { id: string; verdict: string }[] }

const PACE = 10_000; // ms between two fixes
const BATCH = 200;
const SEND = 15_000; // ms
const LONGEST_PAUSE = 5 * 60_000; // ms
const LOOK = 60_000; // ms: how soon an end that happened elsewhere is noticed

export type Trouble = "denied" | "silent" | "none" | "refused";
export const lastAt = ref<string | null>(null);
export const waiting = ref(0);
export const trouble = ref<Trouble | null>(null);
export const why = ref("");
export const crs = computed<"wgs84" | "gcj02">(() => (gcj02.value ? "gcj02" : "wgs84"));
const endsBy = ref<string | null>(null); // of the open interval, as the server said
const time = ref(Date.now());

const lookedAt = ref(0); // ms: when we last asked the server
/** What was tapped since counts before what the server said then. */
const tapped = computed(() => entries.value.filter((each) => /^\/duty\/(on|off)$/.test(each.path)
  && (["waiting", "sending"].includes(each.state) || (each.state === "done" && (each.finished ?? 0) > lookedAt.value))).at(-1));
export const onDuty = computed(() => {
  if (!me.value || !may("positions.own")) return false;
  if (tapped.value) return tapped.value.path === "/duty/on";
  return endsBy.value !== null && new Date(endsBy.value).getTime() > time.value;
});

let queue: Queue | null = null;
let watching: number | null = null;
let since = 0; // ms: when watching began; what the device knew before is not from duty
let taken = 0; // ms: when the last fix was kept
let pause = 0;
let timer = 0;
let sending = false;

async function lookAtDuty(): Promise<void> {
  time.value = Date.now();
  if (!me.value || !may("positions.own")) return;
  try {
    const began = Date.now();
    const { data, kept } = await cached<Duty>("/duty/me");
    if (!kept) lookedAt.value = began;
    endsBy.value = data.interval && !data.interval.ended_at ? data.interval.ends_by : null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // away: the last word counts until its limit
  }
}

function begin(): void {
  if (watching !== null) return;
  if (!("geolocation" in navigator)) {
    trouble.value = "none";
    return;
  }
  trouble.value = null;
  since = Date.now();
  watching = navigator.geolocation.watchPosition(
    (found) => void take(found),
    (error) => (trouble.value = error.code === error.PERMISSION_DENIED ? "denied" : "silent"),
    { enableHighAccuracy: true, maximumAge: 0, timeout: 60_000 },
  );
  timer = window.setTimeout(() => void send(), SEND);
}

function end(): void {
  if (watching !== null) navigator.geolocation.clearWatch(watching);
  watching = null;
  lastAt.value = null;
  trouble.value = null;
  window.clearTimeout(timer);
  void send(); // what was noted on duty still belongs there
}

async function take({ coords, timestamp }: GeolocationPosition): Promise<void> {
  if (!onDuty.value || !queue) return;
  trouble.value = null;
  if (timestamp < since || timestamp - taken < PACE) return;
  taken = timestamp;
  const fix: Waiting = {
    id: onceKey().slice(0, 16), at: new Date(timestamp).toISOString(), lon: coords.longitude, lat: coords.latitude,
    accuracy: Number.isFinite(coords.accuracy) ? Math.round(coords.accuracy * 10) / 10 : null, mock: false, // a browser does not say
  };
  lastAt.value = fix.at;
  waiting.value = await queue.add(fix);
}

function token(): string {
  const found = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="));
  return found ? decodeURIComponent(found.slice("csrftoken=".length)) : "";
}

/** One batch after another until nothing waits; once more later when it could not be sent. */
async function send(): Promise<void> {
  if (sending || !queue || !me.value) return;
  sending = true;
  window.clearTimeout(timer);
  const own = queue;
  try {
    for (;;) {
      const { keys, fixes } = await own.first(BATCH);
      if (!keys.length) break;
      const { data } = await call<Answered>("/positions", {
        method: "POST", body: { crs: crs.value, fixes }, headers: { "X-CSRFToken": token(), "X-Acting": `${me.value?.account_id ?? ""}/` },
      });
      reached(true);
      pause = 0;
      if (trouble.value === "refused") trouble.value = null;
      // Going on duty may still wait in the outbox: until it arrives these are not "off duty".
      const early = tapped.value?.path === "/duty/on";
      const stays = new Set(early ? data.fixes.filter((each) => each.verdict === "off_duty").map((each) => each.id) : []);
      await own.remove(keys.filter((_, n) => !stays.has(fixes[n]?.id ?? "")));
      if (stays.size) break;
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 0) reached(false);
    if ([400, 403, 413, 422].includes(error.status) && error.code !== "csrf_failed") {
      [trouble.value, why.value] = ["refused", error.detail];
    }
    pause = Math.min(LONGEST_PAUSE, pause ? pause * 2 : SEND);
  } finally {
    sending = false;
    if (own === queue) {
      waiting.value = await own.count();
      if (watching !== null || waiting.value) timer = window.setTimeout(() => void send(), Math.max(SEND, pause));
    }
  }
}

export function setCrs(to: "wgs84" | "gcj02"): void {
  gcj02.value = to === "gcj02";
}

/** Called once, when the app starts. */
export function startSender(): void {
  effectScope(true).run(() => {
    watch(() => me.value?.account_id ?? null, async (account) => {
      queue?.close();
      queue = null;
      endsBy.value = null;
      if (me.value !== null || account === null) await dropOthers(account);
      if (account === null) return;
      queue = await Queue.of(account);
      waiting.value = await queue.count();
      await lookAtDuty();
      if (onDuty.value) begin();
      if (waiting.value) void send();
    }, { immediate: true });
    watch(onDuty, (on) => (on ? begin() : end()));
    // A write about duty arrived, or was thrown away: ask how it stands.
    watch(() => entries.value.filter((each) => each.path.startsWith("/duty/") && each.state === "done").length, () => void lookAtDuty());
  });
  window.setInterval(() => void lookAtDuty(), LOOK);
  window.addEventListener("online", () => void send());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    void lookAtDuty();
    void send();
  });
}
