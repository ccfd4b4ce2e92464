/** Asking the server for what a page shows: of several questions only the newest one's answer counts. */
import { computed, ref, shallowRef } from "vue";

import type { Page } from "../api/shapes";

export function useLoad<Found>(ask: () => Promise<Found>) {
  const found = shallowRef<Found>();
  const loading = ref(true);
  const error = ref<unknown>();
  let turn = 0;

  async function take(asking: Promise<Found>): Promise<void> {
    const mine = ++turn;
    try {
      const answer = await asking;
      if (mine === turn) [found.value, error.value] = [answer, undefined];
    } catch (problem) {
      if (mine === turn) error.value = problem;
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  function load(): Promise<void> {
    loading.value = true;
    return take(ask());
  }

  /** `take`: an answer that is asked for in another way, in its turn. */
  return { found, loading, error, load, take };
}

/** A list that is read page by page; `found` is the newest page with all rows so far. */
export function usePages<Of extends Page<unknown>>(ask: (cursor?: string) => Promise<Of>) {
  const { found, loading, error, load, take } = useLoad(() => ask());
  const adding = ref(false);
  const rows = computed<Of["items"]>(() => found.value?.items ?? []);

  async function more(): Promise<void> {
    const before = found.value;
    if (!before?.next) return;
    adding.value = true;
    await take(ask(before.next).then((page) => ({ ...page, items: [...before.items, ...page.items] })));
    adding.value = false;
  }

  return { found, rows, loading, adding, error, load, more };
}
