/** Photos on this device: stored once under the digest of their bytes. */
import { me } from "../account/session";
import { type Kept, storeOf } from "../store/db";
import { keeping } from "./room";

const HUGE = 4096; // px: a longer edge is brought down to this
const HEAVY = 12 * 1024 * 1024; // bytes: more is brought down even when smaller than that

export async function digestOf(blob: Blob): Promise<string> {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The picture as it came, or smaller where it is huge. */
async function bearable(blob: Blob): Promise<Blob> {
  if (!blob.type.startsWith("image/")) return blob;
  try {
    const picture = await createImageBitmap(blob);
    const edge = Math.max(picture.width, picture.height);
    if (edge <= HUGE && blob.size <= HEAVY) return blob;
    const scale = Math.min(1, HUGE / edge);
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.88 });
  } catch {
    return blob; // a kind the browser cannot draw: the server looks at it
  }
}

/** Keep a photo of the account of now; its digest. Raises `NoRoom` when the device is full. */
export async function keepPhoto(taken: Blob, seal: Record<string, unknown> = {}, name = ""): Promise<string> {
  if (!me.value) throw new Error("nobody is here");
  const blob = await bearable(taken);
  const sha256 = await digestOf(blob);
  const kept: Kept = { sha256, blob, type: blob.type || "application/octet-stream", name, size: blob.size, made: Date.now(), seal, sent: false };
  const store = await storeOf(me.value.account_id);
  await keeping(async () => {
    if (!(await store.get("photos", sha256))) await store.put("photos", kept);
  });
  return sha256;
}

export async function photo(sha256: string): Promise<Kept | undefined> {
  return me.value ? (await storeOf(me.value.account_id)).get("photos", sha256) : undefined;
}
