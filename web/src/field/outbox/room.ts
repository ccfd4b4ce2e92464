/** Room on this phone: what to say when there is none, and what may go without losing anything. */
import { ref } from "vue";

import { me } from "../account/session";
import { storeOf } from "../store/db";
import { clearSpare, isFull, type Spare, spareOf } from "../store/spare";

/** The device has no room left, said in words where it is caught. */
export class NoRoom extends Error {}

/** Something could not be kept: the person is asked to make room (RoomSheet). */
export const full = ref(false);

/** Keep something on the device. Raises `NoRoom` when it is full, and asks to make some. */
export async function keeping<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (!isFull(error)) throw error;
    full.value = true;
    throw new NoRoom();
  }
}

/** What of this account may be deleted here: how many and how much. */
export async function spare(): Promise<Spare> {
  return me.value ? spareOf(await storeOf(me.value.account_id)) : { photos: [], pictures: 0, bytes: 0 };
}

const used = async () => (await navigator.storage?.estimate?.())?.usage;
const PATIENCE = 5000; // ms

/** Delete it; how many bytes that were. Browsers give the room back a little later: wait for that, but not for ever. */
export async function makeRoom(): Promise<number> {
  if (!me.value) return 0;
  const before = (await used()) ?? 0;
  const freed = await clearSpare(await storeOf(me.value.account_id));
  for (const end = Date.now() + PATIENCE; Date.now() < end && ((await used()) ?? 0) > before - freed / 2;) {
    await new Promise((go) => setTimeout(go, 200));
  }
  return freed;
}
