/** The figures on the wall: fetched when something changed and every few seconds, with their age. */
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";

import { api, body, Problem } from "../api/client";
import type { components } from "../api/schema";
import { language } from "../i18n";
import { connect, live, onChanges } from "../live/stream";

export type Wall = components["schemas"]["Wall"];

const EVERY = 10_000; // ms: deadlines pass without anything happening
const PAUSE = 1500; // ms: at most so often when much happens
const PATIENCE = 8000; // ms for one answer
const OLD = 15_000; // ms without figures
const BLINK = 4000; // ms a stream may be away before anybody has to know
const LOOK = 600_000; // ms between looks for a newer build of this page

/** What the server says about us: signed in, signed out, or in a post without cases. */
export type Standing = "known" | "unknown" | "refused";

export function useFigures() {
  const figures = shallowRef<Wall | null>(null);
  const standing = ref<Standing>("known");
  const now = ref(Date.now());
  const fetched = ref(Date.now()); // when figures last came, or when we began to wait for them
  const failed = ref(false);
  const down = ref<number | null>(null);
  let running = false;
  let again = false;

  async function fetchAll(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      figures.value = await body<Wall>(
        api.GET("/api/v1/figures/wall", { signal: AbortSignal.timeout(PATIENCE) }),
      );
      fetched.value = now.value = Date.now();
      standing.value = "known";
      failed.value = false;
    } catch (problem) {
      failed.value = true;
      const status = problem instanceof Problem ? problem.status : 0;
      if (status === 401) standing.value = "unknown";
      else if (status === 403) standing.value = "refused";
    } finally {
      running = false;
    }
    if (again) {
      again = false;
      later = window.setTimeout(() => void fetchAll(), PAUSE);
    }
  }

  let later = 0;
  const beat = window.setInterval(() => (now.value = Date.now()), 1000);
  const poll = window.setInterval(() => void fetchAll(), EVERY);
  const look = window.setInterval(() => void reloadWhenNewer(() => !stale.value), LOOK);
  onScopeDispose(() => [beat, poll, look, later].forEach((timer) => window.clearInterval(timer)));

  watch(live, (up) => {
    down.value = up ? null : Date.now();
    if (up) void fetchAll(); // the stream is back: what did we miss?
  });
  watch(language, () => void fetchAll());
  onChanges(() => void fetchAll(), PAUSE);

  const age = computed(() => Math.max(0, now.value - fetched.value));
  /** Fresh from the server, but what happened is not in the figures yet. Both times are its own. */
  const behind = computed(() => {
    const wall = figures.value;
    return !!wall?.waiting && (!wall.as_of || Date.parse(wall.at) - Date.parse(wall.as_of) > OLD);
  });
  const stale = computed(
    () =>
      behind.value ||
      standing.value !== "known" ||
      age.value > OLD ||
      (down.value !== null && now.value - down.value > BLINK),
  );
  connect();
  void fetchAll();
  return { figures, standing, now, age, fetched, failed, behind, stale };
}

/** A wall nobody touches takes up a new build by itself, in a quiet moment. */
async function reloadWhenNewer(quiet: () => boolean): Promise<void> {
  const own = document.querySelector<HTMLScriptElement>("script[type=module]")?.src;
  try {
    const page = await fetch(window.location.pathname, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    const text = page.ok ? await page.text() : "";
    const served = /<script type="module"[^>]* src="([^"]+)"/.exec(text)?.[1];
    if (own && served && new URL(served, own).href !== own && quiet()) window.location.reload();
  } catch {
    return; // the server is away: the band over the figures says so
  }
}
