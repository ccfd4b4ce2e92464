/** Who else has the case open: said every few seconds, told at once by the stream. */
import { onScopeDispose, ref, type Ref, watch } from "vue";

import { api, body } from "../../api/client";
import type { components } from "../../api/schema";
import { onPresence } from "../../live/stream";

export type Other = components["schemas"]["PresenceOut"]["others"][number];
type State = "viewing" | "writing" | "left";

const REPEAT = 10_000; // ms

export function usePresence(id: Ref<number>, writing: Ref<boolean>): Ref<Other[]> {
  const others = ref<Other[]>([]);
  let timer = 0;

  async function say(state: State, at = id.value): Promise<void> {
    const found = await body<{ others: Other[] }>(
      api.POST("/api/v1/cases/{case_id}/presence", { params: { path: { case_id: at } }, body: { state } }),
    ).catch(() => null); // away for a moment: the next beat says it again
    if (found && state !== "left" && at === id.value) others.value = found.others;
  }

  function beat(): void {
    window.clearTimeout(timer);
    timer = window.setTimeout(beat, REPEAT);
    if (document.visibilityState === "visible") void say(writing.value ? "writing" : "viewing");
  }

  /** The page closes: nothing may be awaited any more. */
  function leave(): void {
    const token = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="))?.split("=")[1] ?? "";
    void fetch(`/api/v1/cases/${id.value}/presence`, {
      method: "POST", keepalive: true, body: JSON.stringify({ state: "left" }),
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    }).catch(() => undefined);
  }

  watch(id, (_now, before) => {
    void say("left", before);
    others.value = [];
    beat();
  });
  watch(writing, beat);
  onPresence((at) => at === id.value && beat());
  document.addEventListener("visibilitychange", beat);
  window.addEventListener("pagehide", leave);
  onScopeDispose(() => {
    window.clearTimeout(timer);
    document.removeEventListener("visibilitychange", beat);
    window.removeEventListener("pagehide", leave);
    void say("left");
  });
  beat();
  return others;
}
