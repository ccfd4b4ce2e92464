/** What the pages of duty read. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { language, t } from "../i18n";
import { weekdayName } from "./days";

type Schemas = components["schemas"];
export type Team = Schemas["TeamOut"];
export type Shift = Schemas["ShiftOut"];
export type Slot = Schemas["SlotOut"];
export type RosterOut = Schemas["RosterOut"];
export type Swap = Schemas["SwapOut"];
export type Leave = Schemas["LeaveOut"];
export type Closure = Schemas["ClosureOut"];
export type Person = Schemas["TeamCandidate"];

export const KINDS = ["professional", "township", "volunteer"] as const;
export const MONDAY = "2024-01-01"; // a Monday, for the names of weekdays

export async function readTeams(): Promise<Team[]> {
  return (await body<Schemas["TeamList"]>(api.GET("/api/v1/duty/teams"))).items;
}

export async function readShifts(): Promise<Shift[]> {
  return (await body<Schemas["ShiftList"]>(api.GET("/api/v1/duty/shifts"))).items;
}

export async function readPeople(q: string): Promise<Person[]> {
  return (await body<Schemas["TeamCandidates"]>(api.GET("/api/v1/duty/people", { params: { query: { q } } }))).items;
}

/** "周一至周五", or each by name. */
export function weekdaysSaid(days: number[]): string {
  const sorted = [...days].sort();
  if (sorted.length === 7) return t("duty.everyDay");
  const named = (day: number) => weekdayName(`2024-01-0${day + 1}`);
  const run = sorted.length > 2 && sorted.every((day, n) => day === sorted[0]! + n);
  if (run) return `${named(sorted[0]!)}${language.value === "zh" ? "至" : "–"}${named(sorted.at(-1)!)}`;
  return sorted.map(named).join(language.value === "zh" ? "、" : ", ");
}
