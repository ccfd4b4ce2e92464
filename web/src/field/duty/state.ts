/** Whether I am on duty: what the server said last, and what I have tapped since. */
import { computed, watch } from "vue";

import type { components } from "../../api/schema";
import { dayName, dayOf, hours } from "../../duty/days";
import { t } from "../../i18n";
import { now } from "../../ui/now";
import { useCached } from "../data";
import { enqueue, entries } from "../outbox";

type Schemas = components["schemas"];
export type MyDuty = Schemas["MyDuty"];
export type OwnSlot = Schemas["OwnSlot"];
export type OwnRoster = Schemas["OwnRoster"];
export type Swap = Schemas["SwapOut"];
export type SwapList = Schemas["SwapList"];
export type Leave = Schemas["LeaveOut"];
export type LeaveList = Schemas["LeaveList"];

const ABOUT = "duty";

/** Read again when a write about `about` has arrived. */
export function againWhenSent(about: (what: string) => boolean, again: () => unknown): void {
  const waiting = () => entries.value.filter((each) => each.state !== "done" && each.about && about(each.about)).length;
  watch(waiting, (left, before) => void (left < before && again()));
}

/** Whether a write about this waits to be sent. */
export function waits(about: string): boolean {
  return entries.value.some((each) => each.about === about && (each.state === "waiting" || each.state === "sending"));
}

export function useDuty() {
  const server = useCached<MyDuty>(() => "/duty/me");
  const mine = computed(() => entries.value.filter((each) => each.about === ABOUT));
  const tapped = computed(() => mine.value.filter((each) => each.state === "waiting" || each.state === "sending").at(-1));
  const refused = computed(() => mine.value.some((each) => each.state === "needs"));
  const current = computed(() => {
    const found = server.data.value?.interval;
    // Without a network nobody tells us that it has ended by itself.
    return found && !found.ended_at && new Date(found.ends_by).getTime() > now.value ? found : null;
  });
  const on = computed(() => (tapped.value ? tapped.value.path === "/duty/on" : current.value !== null));
  const since = computed(() => {
    if (!on.value) return "";
    if (current.value) return current.value.started_at;
    return tapped.value ? new Date(tapped.value.made).toISOString() : "";
  });
  againWhenSent((what) => what === ABOUT, server.again);

  /** On or off, now; on the device before this resolves. */
  async function tap(wanted: boolean): Promise<void> {
    await enqueue({
      path: wanted ? "/duty/on" : "/duty/off", body: { at: new Date().toISOString() },
      title: t(wanted ? "dutyf.on" : "dutyf.off"), about: ABOUT,
    });
  }

  return { ...server, on, current, since, refused, unsent: computed(() => tapped.value !== undefined), tap };
}

/** "12月1日 20:00–次日 08:00 夜班" in parts. */
export function said(slot: OwnSlot): { day: string; hours: string; shift: string } {
  return {
    day: slot.day === dayOf() ? t("dutyf.today") : dayName(slot.day),
    hours: hours(slot.starts_at, slot.ends_at, t("dutyf.nextDay")),
    shift: slot.shift_name,
  };
}
