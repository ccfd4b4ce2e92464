/** What lies on this device and is on the server too: it may go. Used by the page and the worker. */
import type { Store } from "./db";

const ORPHAN = 8 * 24 * 3600_000; // ms: a photo that no write and no draft holds is of use that long

export interface Spare {
  /** Digests of photos the server has. */
  photos: string[];
  /** How many small pictures of cases; they are read again. */
  pictures: number;
  bytes: number;
}

/** Whether a write failed because the device, or what the browser allows us of it, is full. */
export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

interface Holder { shots?: { sha256: string }[] }

/** What may go. What an unsent write or a draft holds never does, nor a photo just taken for a form. */
export async function spareOf(store: Store): Promise<Spare> {
  const [photos, writes, drafts, pictures] = await Promise.all([store.getAll("photos"), store.getAll("writes"), store.getAll("drafts"), store.getAll("pictures")]);
  const held = new Set([
    ...writes.flatMap((each) => (each.state === "done" ? [] : (each.photos ?? []))),
    ...drafts.flatMap((each) => ((each as Holder).shots ?? []).map((shot) => shot.sha256)),
  ]);
  const arrived = new Set(writes.flatMap((each) => (each.state === "done" ? (each.photos ?? []) : [])));
  const free = photos.filter((each) => !held.has(each.sha256) && (each.sent || arrived.has(each.sha256) || each.made < Date.now() - ORPHAN));
  return {
    photos: free.map((each) => each.sha256),
    pictures: pictures.length,
    bytes: free.reduce((sum, each) => sum + each.size, 0) + pictures.reduce((sum, each) => sum + each.blob.size, 0),
  };
}

/** Let it go; how many bytes that were. Deleting needs no room. */
export async function clearSpare(store: Store): Promise<number> {
  const found = await spareOf(store);
  const tx = store.transaction(["photos", "pictures"], "readwrite");
  for (const sha256 of found.photos) void tx.objectStore("photos").delete(sha256);
  void tx.objectStore("pictures").clear();
  await tx.done;
  return found.bytes;
}

/** Photos whose last write has long arrived go by themselves. */
export async function dropOld(store: Store): Promise<void> {
  const known = new Set((await store.getAll("writes")).flatMap((each) => each.photos ?? []));
  for (const sha256 of (await spareOf(store)).photos) if (!known.has(sha256)) await store.delete("photos", sha256);
}
