/** A report while it is being written: on the device from the first photo on. */
import { me } from "../account/session";
import { onceKey } from "../key";
import { keeping } from "../outbox/room";
import type { Write } from "../outbox/shape";
import type { Spot } from "../place/divisions";
import type { Fix } from "../place/here";
import { storeOf } from "../store/db";

/** What the device said when a photo was taken; goes with it as its seal. */
export interface Seal {
  captured_at?: string;
  captured_lon?: number;
  captured_lat?: number;
  accuracy_m?: number;
  mock?: boolean;
}

export interface Shot {
  sha256: string;
  purpose: "report" | "before" | "after" | "check";
  seal: Seal;
}

export interface Draft {
  id: string;
  at: number; // ms, last change
  kind: "report";
  begun: string; // when it was seen: with the offset of the device's clock
  text: string;
  address: string;
  class_code: string;
  /** The class was chosen by hand, not only suggested. */
  chosen: boolean;
  /** Chosen on the map; else the fix counts. */
  spot: Spot | null;
  fix: Fix | null;
  shots: Shot[];
  self: boolean;
  done: string;
  /** A refused write this stands for. */
  replaces: string | null;
}

/** "2026-11-30T10:21:07+08:00": the device's own clock and zone. */
export function local(at = new Date()): string {
  const off = -at.getTimezoneOffset();
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  return `${new Date(at.getTime() + off * 60_000).toISOString().slice(0, 19)}${off < 0 ? "-" : "+"}${two(off / 60)}:${two(off % 60)}`;
}

export function blank(): Draft {
  return { id: onceKey(), at: Date.now(), kind: "report", begun: local(), text: "", address: "", class_code: "", chosen: false, spot: null, fix: null, shots: [], self: false, done: "", replaces: null };
}

export const worth = (draft: Draft): boolean => Boolean(draft.shots.length || draft.text.trim() || draft.done.trim());

/** The report that was begun last and not sent. */
export async function begun(): Promise<Draft | null> {
  if (!me.value) return null;
  const all = (await (await storeOf(me.value.account_id)).getAll("drafts")) as unknown as Draft[];
  return all.filter((each) => each.kind === "report").sort((a, b) => b.at - a.at)[0] ?? null;
}

/** Keep it, as it is now. */
export async function keep(draft: Draft): Promise<void> {
  if (!me.value || !worth(draft)) return;
  const kept = JSON.parse(JSON.stringify({ ...draft, at: Date.now() })) as Draft & Record<string, unknown>;
  const store = await storeOf(me.value.account_id);
  await keeping(() => store.put("drafts", kept));
}

export async function drop(id: string): Promise<void> {
  if (me.value) await (await storeOf(me.value.account_id)).delete("drafts", id);
}

/** The seal of a picture: what the device says now, if it was taken now. */
export function sealOf(file: File, fix: Fix | undefined): Seal {
  const fresh = Math.abs(Date.now() - file.lastModified) < 120_000;
  const seal: Seal = { captured_at: local(new Date(fresh ? Date.now() : file.lastModified)) };
  if (!fresh || !fix) return seal; // an older picture: where it was taken is not known here
  seal.captured_lon = fix.lon;
  seal.captured_lat = fix.lat;
  seal.accuracy_m = fix.accuracy;
  if (fix.mock !== null) seal.mock = fix.mock;
  return seal;
}

export const sealed = (shot: Shot) => ({ sha256: shot.sha256, purpose: shot.purpose, ...shot.seal });

/** What a finished report becomes: the report first, each photo after it; done on the spot, all in
 * one, because a case closed without its photo proves nothing. */
export function writes(draft: Draft, words: { title: string; photo: string }, region: string | null): (Write & { id?: string })[] {
  const at = draft.spot ?? draft.fix;
  const id = onceKey();
  const body: Record<string, unknown> = {
    description: draft.text.trim(), channel: "grid", class_code: draft.class_code, address: draft.address.trim(), at: draft.begun,
    ...(at ? { lon: at.lon, lat: at.lat } : { region_code: region }),
  };
  const about = `report:${id}`;
  const common = { id, title: words.title, about, edit: `/report?again=${id}`, shown: { draft: { ...draft, replaces: null } } };
  if (draft.self) {
    return [{ ...common, path: "/reports/self_handled", body: { ...body, report: draft.done.trim(), photos: draft.shots.map(sealed) }, photos: draft.shots.map((each) => each.sha256) }];
  }
  return [
    { ...common, path: "/reports", body },
    ...draft.shots.map((each): Write => ({
      path: "/evidence/attach", body: { subject_kind: "case", subject_id: `{${id}.case_id}`, at: draft.begun, ...sealed(each) },
      title: words.photo, photos: [each.sha256], depends: [id],
    })),
  ];
}
