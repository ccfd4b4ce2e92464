/** Which cases are selected: one by one, a range, or all up to what one run takes. */
import { computed, ref, type Ref } from "vue";

import type { CaseRow } from "../../api/shapes";
import { MOST } from "./bulk";

interface Source {
  row: (index: number) => CaseRow | undefined;
  between: (first: number, last: number) => Promise<CaseRow[]>;
}

export function usePicks(rows: Source, total: Ref<number | undefined>) {
  const held = ref(new Map<number, CaseRow>());
  const ids = computed(() => new Set(held.value.keys()));
  const full = ref(false);
  let last = -1;
  let turn = 0;

  function keep(found: CaseRow[]): void {
    const next = new Map(held.value);
    for (const each of found) if (next.size < MOST || next.has(each.id)) next.set(each.id, each);
    full.value = found.some((each) => !next.has(each.id)) || (next.size >= MOST && (total.value ?? Infinity) > MOST);
    held.value = next;
  }

  async function pick(index: number, ranging: boolean): Promise<void> {
    const row = rows.row(index);
    if (!row) return;
    if (ranging && last >= 0) {
      const [from, to] = [Math.min(last, index), Math.max(last, index)];
      const mine = ++turn;
      const found = await rows.between(from, Math.min(to, from + MOST));
      if (mine === turn) keep(found);
    } else if (held.value.has(row.id)) {
      const next = new Map(held.value);
      next.delete(row.id);
      [held.value, full.value] = [next, false];
    } else keep([row]);
    last = index;
  }

  /** All from the top, as many as one run takes; none when some are selected. */
  async function all(): Promise<void> {
    if (held.value.size) return clear();
    const mine = ++turn;
    const found = await rows.between(0, Math.min(MOST, total.value ?? MOST) - 1);
    if (mine === turn) keep(found);
  }

  function clear(): void {
    turn += 1;
    last = -1;
    [held.value, full.value] = [new Map(), false];
  }

  return { held, ids, full, pick, all, clear };
}
