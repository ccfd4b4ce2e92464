/** What the pages of people read: short lists whole, long ones page by page. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import type { Page } from "../api/shapes";
import { language } from "../i18n";

type Schemas = components["schemas"];
export type Organisation = Schemas["OrganisationRow"];
export type Account = Schemas["AccountRow"];
export type HeldPost = Schemas["HeldPost"];
export type Token = Schemas["TokenOut"];
export type Staff = Schemas["StaffPost"];
export type Dependents = Schemas["DependentsOut"];
export type RegionNode = Schemas["RegionNode"];
export type Role = Schemas["PostIn"]["role"];

export const ROLES: Role[] = [
  "collector", "desk", "dispatcher", "handler", "verifier", "supervisor", "mediator",
  "system_admin", "security_admin", "auditor",
];
export const KINDS = ["centre", "department", "company", "team"] as const;

/** The name of a row in the reader's language. */
export function named(row: { name: string; name_en: string }): string {
  return language.value === "zh" ? row.name : row.name_en || row.name;
}

/** Name of a related thing: `organisation_name`, `organisation_name_en`. */
export function nameOf(row: object, part: string): string {
  const found = row as Record<string, string>;
  return (language.value === "zh" ? found[`${part}_name`] : found[`${part}_name_en`] || found[`${part}_name`]) ?? "";
}

export async function every<Row>(read: (cursor: string | undefined) => Promise<Page<Row>>): Promise<Row[]> {
  const found: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor);
  return found;
}

export function allOrganisations(): Promise<Organisation[]> {
  return every((cursor) =>
    body<Page<Organisation>>(api.GET("/api/v1/organisations", { params: { query: { limit: 200, cursor } } })));
}

/** Every division, parents before their children, with its depth. */
export async function divisions(): Promise<(RegionNode & { depth: number })[]> {
  const roots = await body<RegionNode[]>(api.GET("/api/v1/regions/tree"));
  const flat: (RegionNode & { depth: number })[] = [];
  const walk = (nodes: RegionNode[], depth: number) => {
    for (const node of nodes) {
      flat.push({ ...node, depth });
      walk(node.children, depth + 1);
    }
  };
  walk(roots, 0);
  return flat;
}
