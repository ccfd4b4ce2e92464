/** The columns there are, and how a person has them. */
import type { Key } from "../../i18n";

export interface Column {
  key: string;
  label: Key;
  width: number;
  least: number;
  /** What the server can order by, and whether the largest come first at the first press. */
  sort?: string;
  down?: boolean;
  /** The other direction is not offered. */
  oneWay?: boolean;
  right?: boolean;
}
export interface Chosen { key: string; width?: number }

export const COLUMNS: Column[] = [
  { key: "due", label: "list.due", width: 128, least: 108, sort: "due_at" },
  { key: "number", label: "list.number", width: 172, least: 120, sort: "number", down: true },
  { key: "matter", label: "list.matter", width: 250, least: 160 },
  { key: "stage", label: "list.stage", width: 108, least: 84 },
  { key: "place", label: "list.place", width: 190, least: 110 },
  { key: "lead", label: "list.lead", width: 138, least: 90 },
  { key: "reported", label: "list.reported", width: 112, least: 96, sort: "reported_at", down: true },
  { key: "due_at", label: "list.dueAt", width: 120, least: 96, sort: "due_at" },
  { key: "closed", label: "list.closed", width: 120, least: 96, sort: "closed_at", down: true },
  { key: "updated", label: "list.updated", width: 120, least: 96, sort: "updated_at", down: true, oneWay: true },
  { key: "class_code", label: "list.classCode", width: 90, least: 70 },
  { key: "channel", label: "list.channel", width: 100, least: 76 },
  { key: "grade", label: "list.grade", width: 76, least: 64 },
  { key: "owner", label: "list.owner", width: 160, least: 90 },
  { key: "outcome", label: "list.outcome", width: 92, least: 76 },
  { key: "reports", label: "list.reports", width: 84, least: 70, right: true },
  { key: "rework", label: "list.rework", width: 84, least: 70, right: true },
  { key: "supervised", label: "list.supervised", width: 76, least: 64 },
];
export const BY_KEY = new Map(COLUMNS.map((column) => [column.key, column]));
export const USUAL: Chosen[] = ["due", "number", "matter", "stage", "place", "lead", "reported"].map((key) => ({ key }));

/** What is known of a person's columns, in their order; the usual ones when nothing is left. */
export function known(chosen: Chosen[] | null | undefined): Chosen[] {
  const seen = new Set<string>();
  const left = (chosen ?? []).filter((each) => BY_KEY.has(each.key) && !seen.has(each.key) && seen.add(each.key));
  return left.length ? left : USUAL;
}

export const sameColumns = (one: Chosen[], other: Chosen[]) => text(one) === text(other);
const text = (chosen: Chosen[]) => chosen.map((each) => `${each.key}:${each.width ?? BY_KEY.get(each.key)?.width}`).join();

/** Pressing a header: the column's first direction, then the other, then newest first again. */
export function nextSort(column: Column, now: string): string {
  if (!column.sort) return now;
  const [first, second] = column.down ? [`-${column.sort}`, column.sort] : [column.sort, `-${column.sort}`];
  if (now === first && !column.oneWay) return second;
  if (now === first || now === second) return column.sort === "reported_at" ? first : "-reported_at";
  return first;
}
