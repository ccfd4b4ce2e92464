/** Tasks, plans, places and what the catalogue calls them. */
import { ElMessage } from "element-plus";
import { shallowRef } from "vue";

import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { language, t } from "../i18n";

type Schemas = components["schemas"];
export type Task = Schemas["TaskOut"];
export type Plan = Schemas["PlanOut"];
export type PlanIn = Schemas["PlanIn"];
export type Preview = Schemas["PreviewOut"];
export type Place = Schemas["PlaceOut"];
export type PlaceDetail = Schemas["PlaceDetail"];
export type Dot = Schemas["PlaceDot"];
export type Finding = Schemas["FindingOut"];
export type InspectionRow = Schemas["InspectionRow"];
export type Inspection = Schemas["InspectionOut"];
export type Consent = Schemas["ConsentOut"];
export type Catalogue = Schemas["TaskCatalogueOut"];
type Named = { zh: string; en: string };

export const said = (each: Named | undefined): string => (each ? (language.value === "zh" ? each.zh : each.en) : "");
export const catalogue = shallowRef<Catalogue>();

/** The catalogue in force, read anew. */
export async function readCatalogue(): Promise<Catalogue> {
  return (catalogue.value = await body<Catalogue>(api.GET("/api/v1/task-catalogue")));
}

/** The catalogue with what was saved, and a word that it was. */
export async function saved(answer: Promise<{ data?: unknown }>): Promise<Catalogue> {
  const found = await body<Catalogue>(answer);
  ElMessage.success(t("kinds.saved", { n: found.edition }));
  return found;
}
export const kindName = (code: string): string => said(catalogue.value?.kinds.find((each) => each.code === code)) || code;
export const placeKindName = (code: string): string => said(catalogue.value?.place_kinds.find((each) => each.code === code)) || code;

/** Every page of a list, a few hundred rows in all. */
export async function all<Row>(read: (cursor: string | undefined) => Promise<{ data?: unknown }>): Promise<Row[]> {
  const found: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await body<{ items: Row[]; next: string | null }>(read(cursor));
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor && found.length < 2000);
  return found;
}

const date = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" });
/** The local day some days ago, as the server writes it. */
export const dayBack = (days: number): string => date.format(new Date(Date.now() - days * 86_400_000));
/** 540 → "09:00" and back. */
export const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
export function minutes(text: string): number {
  const [hours = 0, rest = 0] = text.split(":").map(Number);
  return hours * 60 + rest;
}
