/** The worker's lists, and every open case of them kept on the device for the way. */
import { watch } from "vue";

import { cached, lying, useCached } from "../data";
import { online } from "../reach";
import { type Whole, WORK, wholePath, type Work } from "./shapes";

const MOST = 40;
let fetching = false;

export function useWork() {
  const found = useCached<Work>(() => WORK);
  watch([found.data, found.kept], ([work, kept]) => work && !kept && void fetchAll(work));
  return found;
}

/** One after the other, only what is new: a bad line has other things to carry. */
async function fetchAll(work: Work): Promise<void> {
  if (fetching) return;
  fetching = true;
  try {
    for (const row of [...work.returned.items, ...work.accept.items, ...work.todo.items].slice(0, MOST)) {
      if (!online.value) return;
      const old = await lying<Whole>(wholePath(row.id));
      if (old?.data.case.version === row.version) continue;
      await cached<Whole>(wholePath(row.id));
    }
  } catch {
    // Whatever it was, the page of the case itself will say it.
  } finally {
    fetching = false;
  }
}
