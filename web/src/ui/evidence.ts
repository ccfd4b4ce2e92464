/** Photos and files of a case. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";

export type Evidence = components["schemas"]["EvidenceOut"];

/** All of them, oldest first. */
export async function evidenceOf(caseId: number): Promise<Evidence[]> {
  const found: Evidence[] = [];
  let cursor: string | undefined;
  do {
    const query = { subject_kind: "case", subject_id: caseId, limit: 200, cursor };
    const page = await body<{ items: Evidence[]; next: string | null }>(api.GET("/api/v1/evidence", { params: { query } }));
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor);
  return found;
}
