/** A photo's bytes to the server, from where the last try broke off; each only once
 * (docs/field-sync.md). */
import { Problem } from "../../api/problem";
import { call } from "../net";
import type { Store } from "../store/db";
import { isFull } from "../store/spare";

interface State {
  offset: number; // bytes the server has
  complete: boolean;
  chunk: number; // bytes, advised for one piece
}

const PIECE_PATIENCE = 120_000; // ms
const TURNS = 5; // corrections of the offset in one go; more than that is trouble for later

export async function upload(store: Store, sha256: string, headers: Record<string, string>): Promise<void> {
  const kept = await store.get("photos", sha256);
  if (!kept) throw new Error(`photo ${sha256} is not on this device`);
  if (kept.sent) return;
  const announce = async () =>
    (await call<State>("/uploads", { method: "POST", headers, body: { sha256, bytes: kept.size, content_type: kept.type } })).data;
  let state = await announce();
  let turns = 0;
  while (!state.complete) {
    const from = state.offset;
    try {
      state = (await call<State>(`/uploads/${sha256}`, {
        method: "PATCH", body: kept.blob.slice(from, from + (state.chunk || kept.size)), patience: PIECE_PATIENCE,
        headers: { ...headers, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(from) },
      })).data;
    } catch (error) {
      const elsewhere = error instanceof Problem && ["upload_offset", "upload_unknown", "sha256_mismatch"].includes(error.code);
      if (!elsewhere || ++turns > TURNS) throw error;
      state = await announce();
    }
  }
  try {
    await store.put("photos", { ...kept, sent: true });
  } catch (error) {
    if (!isFull(error)) throw error; // full: it is asked about once more, and sent no second time
  }
}

/** The server no longer has them (they expired unattached): they go up again. */
export async function forgetSent(store: Store, digests: string[]): Promise<void> {
  for (const sha256 of digests) {
    const kept = await store.get("photos", sha256);
    if (kept) await store.put("photos", { ...kept, sent: false });
  }
}
