/** A template while it is edited: its blocks with keys of their own, so that they can be moved. */
import type { components } from "../api/schema";

export type Template = components["schemas"]["TemplateOut"];
export type Version = components["schemas"]["TemplateVersion"];
export const KINDS = ["heading", "text", "figures", "findings", "bars", "trend", "table", "cases"] as const;
export type Kind = (typeof KINDS)[number];
export const BYS = ["org", "region", "class", "channel"] as const;
export const PLACEHOLDERS = ["district", "period", "since", "until"] as const;
export const MOST_CODES = 8;

export interface Section { block: Kind; text?: string; title?: string; by?: string; code?: string; codes?: string[] }
export type Draft = Section & { key: number };
export interface Spec { title: string; sections: Section[] }

let last = 0;

/** A new block with what it cannot do without. */
export function fresh(kind: Kind): Draft {
  const start: Record<Kind, Partial<Section>> = {
    heading: { text: "" }, text: { text: "" }, figures: { codes: ["received"] }, findings: {}, bars: { by: "org", code: "received" },
    trend: { codes: ["received", "closed"] }, table: { by: "org", codes: ["received"] }, cases: { code: "overdue" },
  };
  return { key: ++last, block: kind, ...start[kind] };
}

export function drafts(spec: Spec): Draft[] {
  return spec.sections.map((each) => ({ ...each, codes: each.codes && [...each.codes], key: ++last }));
}

/** As it is sent and exported: no keys, and no title that was left empty. */
export function spec(title: string, some: Draft[]): Spec {
  return {
    title,
    sections: some.map(({ key: _key, ...each }) => {
      const plain = Object.fromEntries(Object.entries(each).filter(([name, value]) => value !== undefined && !(name === "title" && value === "")));
      return plain as unknown as Section;
    }),
  };
}

/** Whether two templates say the same; the database keeps the entries of a block in its own order. */
export function same(one: Spec, other: Spec): boolean {
  const plain = (each: Spec) => JSON.stringify([each.title, each.sections.map((section) => Object.entries(section).sort(([a], [b]) => (a < b ? -1 : 1)))]);
  return plain(one) === plain(other);
}

/** What a file holds, or the reason why it is no template. */
export function read(text: string): { spec?: Spec; why?: string } {
  try {
    const found = JSON.parse(text) as Partial<Spec> | null;
    if (typeof found?.title !== "string" || !Array.isArray(found.sections) || found.sections.some((each) => !KINDS.includes(each?.block))) return { why: "title, sections" };
    return { spec: found as Spec };
  } catch (error) {
    return { why: (error as Error).message };
  }
}
