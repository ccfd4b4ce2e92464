/** Lists to choose from, read once and kept while the page lives. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import type { Page } from "../api/shapes";
import { language } from "../i18n";

export interface Choice<Value> { value: Value; label: string; hint?: string }
type Both = { zh: string; en: string };
export type Region = { code: string; name: string; name_en: string; level: string };

const kept = new Map<string, Promise<unknown>>();

function once<Value>(key: string, read: () => Promise<Value>): Promise<Value> {
  const found = kept.get(key) as Promise<Value> | undefined;
  if (found) return found;
  const fresh = read();
  kept.set(key, fresh);
  fresh.catch(() => kept.delete(key));
  return fresh;
}

const said = (both: Both) => (language.value === "zh" ? both.zh : both.en || both.zh);
const named = (row: { name: string; name_en: string }) =>
  language.value === "zh" ? row.name : row.name_en || row.name;

/** All classes as the catalogue has them. */
export const classRows = () => once("classes", async () =>
  (await body<components["schemas"]["ClassList"]>(api.GET("/api/v1/catalogue/classes"))).items);

export async function classes(): Promise<{ big: string; items: Choice<string>[] }[]> {
  const list = await classRows();
  const groups = new Map<string, Choice<string>[]>();
  for (const row of list) {
    const big = said({ zh: row.big_zh, en: row.big_en });
    if (!groups.has(big)) groups.set(big, []);
    groups.get(big)?.push({ value: row.code, label: said(row), hint: row.code });
  }
  return Array.from(groups, ([big, items]) => ({ big, items }));
}

export async function conditions(code: string): Promise<(Choice<string> & { amount: number; unit: string })[]> {
  const found = await once(`class ${code}`, () =>
    body<components["schemas"]["ClassOut"]>(api.GET("/api/v1/catalogue/classes/{code}", { params: { path: { code } } })));
  return found.conditions.map((each) => ({
    value: each.code,
    label: said({ zh: each.filing_zh, en: each.filing_en }),
    hint: said({ zh: each.closing_zh, en: each.closing_en }),
    amount: each.limit_amount,
    unit: each.limit_unit,
  }));
}

/** Towns and villages of the reader's area, each village behind its town. */
export const regionRows = () => once("regions", async () => {
  const levels = ["town", "village"] as const;
  const pages = await Promise.all(levels.map((level) => all<Region>((cursor) =>
    body(api.GET("/api/v1/regions", { params: { query: { level, mine: true, limit: 200, cursor } } })))));
  return pages.flat().sort((one, other) => one.code.localeCompare(other.code));
});

export async function regions(): Promise<Choice<string>[]> {
  return (await regionRows()).map((row) => ({ value: row.code, label: named(row), hint: row.level }));
}

export async function organisations(): Promise<Choice<number>[]> {
  const rows = await once("organisations", () => all<components["schemas"]["OrganisationOut"]>((cursor) =>
    body(api.GET("/api/v1/organisations", { params: { query: { limit: 200, cursor } } }))));
  // Departments first: most work goes to them.
  const rank = (kind: string) => (kind === "centre" ? 1 : 0);
  return rows
    .filter((row) => row.active)
    .sort((one, other) => rank(one.kind) - rank(other.kind))
    .map((row) => ({ value: row.id, label: named(row) }));
}

async function all<Row>(read: (cursor: string | undefined) => Promise<Page<Row>>): Promise<Row[]> {
  const found: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor);
  return found;
}
