/** What the server says of tasks, and what the catalogue kept on the device adds to it. */
import { computed, watch } from "vue";

import type { components } from "../../api/schema";
import { language } from "../../i18n";
import { useCached } from "../data";
import { entries } from "../outbox";

export type Task = components["schemas"]["TaskOut"];
export type Day = components["schemas"]["TaskDayOut"];
export type Catalogue = components["schemas"]["TaskCatalogueOut"];
export type Place = components["schemas"]["PlaceOut"];
export type PlaceDetail = components["schemas"]["PlaceDetail"];
export type Finding = components["schemas"]["FindingOut"];
export type Consent = components["schemas"]["ConsentOut"];
export type ItemAnswer = "yes" | "no" | "na";
type Named = { code: string; zh: string; en: string };

export const said = (each: Named | undefined): string => (each ? (language.value === "zh" ? each.zh : each.en) : "");

/** The catalogue: purposes, results, checklists. Read once, then on the device. */
export function useCatalogue() {
  const read = useCached<Catalogue>(() => "/task-catalogue");
  return {
    ...read,
    kind: (code: string) => read.data.value?.kinds.find((each) => each.code === code),
    placeKind: (code: string) => read.data.value?.place_kinds.find((each) => each.code === code),
    checklist: (code: string) => read.data.value?.checklists.find((each) => each.code === code),
  };
}

/** Tasks whose completion lies in the outbox: done for the worker, not yet for the server. */
export const unsent = computed(() => new Set(entries.value.filter((each) => each.state !== "done").map((each) => each.about)));

/** Read again once something has been sent: what is shown then is what the server has. */
export function afterSending(again: () => Promise<void>): void {
  watch(() => entries.value.filter((each) => each.state === "done").length, () => void again());
}

/** How a task stands, for the worker who has written something that is still here. */
export function standing(task: Task): string {
  return unsent.value.has(`task:${task.id}`) && task.state !== "completed" ? "unsent" : task.state;
}

const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", timeStyle: "short" });
const date = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" });

/** "08:00–18:00", with the day where it is not today or ends on another. Midnight is 24:00. */
export function hours(task: Pick<Task, "opens_at" | "due_at">): string {
  const end = new Date(task.due_at);
  const last = new Date(end.getTime() - 60_000);
  const until = clock.format(end) === "00:00" ? "24:00" : clock.format(end);
  const [from, to] = [date.format(new Date(task.opens_at)), date.format(last)];
  const other = from === date.format(new Date()) ? "" : `${from.slice(5)} `;
  return from === to ? `${other}${clock.format(new Date(task.opens_at))}–${until}` : `${from.slice(5)} – ${to.slice(5)} ${until}`;
}

/** The moment of the tap, for a write that may arrive hours later. */
export const rightNow = (): string => new Date().toISOString();
