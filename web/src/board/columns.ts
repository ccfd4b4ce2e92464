/**
 * The rows of the board, by stage and by deadline, kept up to date by reading again only what has
 * changed. Of each case the newest version wins, whichever answer comes first, and it stands in one
 * column only.
 */
import { computed, onScopeDispose, ref, type Ref, shallowReactive, shallowRef, triggerRef, watch } from "vue";

import { api, body } from "../api/client";
import type { CaseRow, Counts, Page, Stage } from "../api/shapes";
import { language } from "../i18n";
import { type Change, onChanges } from "../live/stream";
import { now } from "../ui/now";
import { asked, type Narrow, STAGES } from "./filters";

const PAGE = 200; // rows the server gives at once
const FRESH = 1600; // ms a changed card is lit
const COUNT_PAUSE = 1000; // ms between two counts at the least

export interface Column {
  stage: Stage;
  rows: CaseRow[];
  dirty: boolean;
  /** What is left to read: with deadlines, then without, then nothing. */
  left: "due" | "grey" | null;
  cursor: string | undefined;
  busy: boolean;
}

const NEVER = "9999";
function order(one: CaseRow, other: CaseRow): number {
  const [a, b] = [one.due_at ?? NEVER, other.due_at ?? NEVER];
  return a < b ? -1 : a > b ? 1 : one.id - other.id;
}

export function useColumns(narrow: Ref<Narrow>) {
  const columns = shallowRef<Column[]>([]);
  const counts = ref<Counts>();
  const loading = ref(true);
  const error = ref<unknown>();
  const fresh = shallowReactive(new Set<number>());
  const versions = new Map<number, number>(); // of cases on the board, or gone from it
  let turn = 0;
  let counted = 0;
  let counting = 0;

  const total = computed(() => counts.value?.open ?? 0);

  /** Into its place. What comes later with a page of its own is only remembered as moved. */
  function put(column: Column, row: CaseRow): void {
    let [low, high] = [0, column.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const held = column.rows[middle];
      if (held && order(held, row) < 0) low = middle + 1;
      else high = middle;
    }
    // Behind the last one read there may be others before it: it comes with its page.
    const later = low === column.rows.length && column.left && column.rows.length;
    versions.set(row.id, later ? row.version - 1 : row.version);
    if (later) return;
    column.rows.splice(low, 0, row);
    column.dirty = true;
  }

  function take(id: number): void {
    for (const column of columns.value) {
      const at = column.rows.findIndex((row) => row.id === id);
      if (at < 0) continue;
      column.rows.splice(at, 1);
      column.dirty = true;
    }
  }

  /** Hand what has changed to the page: new lists for the columns concerned only. */
  function show(): void {
    for (const column of columns.value) {
      if (column.dirty) column.rows = [...column.rows];
      column.dirty = false;
    }
    triggerRef(columns);
  }

  async function page(column: Column): Promise<void> {
    if (column.busy || !column.left) return;
    const mine = turn;
    column.busy = true;
    try {
      const grey = column.left === "grey";
      const wanted = { ...asked(narrow.value), stage: [column.stage], limit: PAGE, cursor: column.cursor };
      if (grey && wanted.colour && wanted.colour !== "grey") {
        column.left = null;
        return;
      }
      const found = await body<Page<CaseRow>>(api.GET("/api/v1/cases", { params: { query: grey
        ? { ...wanted, colour: "grey", sort: "reported_at" }
        : { ...wanted, sort: "due_at" } } }));
      if (mine !== turn) return;
      column.cursor = found.next ?? undefined;
      const following = found.next ? column.left : grey ? null : "grey";
      column.left = null; // so that `put` keeps what stands behind the last
      for (const row of found.items) {
        if ((versions.get(row.id) ?? -1) >= row.version) continue;
        take(row.id);
        put(column, row);
      }
      column.left = following;
    } finally {
      column.busy = false;
    }
  }

  /** One more page of a column; a short one is followed by those without a deadline. */
  async function more(stage: Stage): Promise<void> {
    const column = columns.value.find((each) => each.stage === stage);
    if (!column?.left || column.busy) return;
    try {
      await page(column);
      if (column.left === "grey" && !column.cursor) await page(column);
    } catch (found) {
      error.value = found;
    }
    show();
  }

  async function count(): Promise<void> {
    const mine = turn;
    counted = Date.now();
    const found = await body<Counts>(api.GET("/api/v1/cases/counts", { params: { query: asked(narrow.value) } }));
    if (mine === turn) counts.value = found;
  }

  function countSoon(): void {
    if (counting) return;
    counting = window.setTimeout(() => {
      counting = 0;
      count().catch(() => undefined); // the next change counts again
    }, Math.max(0, counted + COUNT_PAUSE - Date.now()));
  }

  /** Everything afresh. `quiet`: what is shown stays until the answer is there. */
  async function load(quiet = false): Promise<void> {
    const mine = ++turn;
    if (!quiet) loading.value = true;
    try {
      await count();
      if (mine !== turn) return;
      const chosen = narrow.value.stage;
      const made = STAGES.filter((stage) => !chosen || stage === chosen)
        .map<Column>((stage) => ({ stage, rows: [], left: "due", cursor: undefined, busy: false, dirty: false }));
      const shown = columns.value;
      const known = new Map(versions);
      versions.clear();
      columns.value = made;
      const before = shown.length && quiet ? shown : null;
      await Promise.all(made.filter((each) => counts.value?.by_stage[each.stage]).map(async (each) => {
        await page(each);
        if (each.left === "grey" && !each.cursor) await page(each);
      }));
      if (mine !== turn) return;
      for (const each of made) if (!counts.value?.by_stage[each.stage]) each.left = null;
      if (before) light(made.flatMap((each) => each.rows).filter((row) => (known.get(row.id) ?? 0) < row.version).map((row) => row.id));
      error.value = undefined;
      show();
    } catch (found) {
      if (mine === turn) error.value = found;
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  function light(ids: number[]): void {
    for (const id of ids) fresh.add(id);
    window.setTimeout(() => ids.forEach((id) => fresh.delete(id)), FRESH);
  }

  async function changed(changes: Change[]): Promise<void> {
    const ids = [...new Set(changes.map((change) => change.id))];
    if (!ids.length || ids.length > PAGE) return load(true);
    const mine = turn;
    countSoon();
    let found: CaseRow[];
    try {
      found = (await body<Page<CaseRow>>(api.GET("/api/v1/cases", { params: { query: { ...asked(narrow.value), ids, limit: PAGE } } }))).items;
    } catch {
      return load(true); // shows why, if that fails as well
    }
    if (mine !== turn) return;
    const still = new Set(found.map((row) => row.id));
    for (const { id, version } of changes) {
      if (still.has(id)) continue;
      take(id);
      versions.set(id, Math.max(versions.get(id) ?? 0, version ?? 0));
    }
    for (const row of found) {
      if ((versions.get(row.id) ?? -1) > row.version) continue;
      take(row.id);
      const column = columns.value.find((each) => each.stage === row.stage);
      if (column) put(column, row);
    }
    light(found.map((row) => row.id));
    show();
  }

  watch([narrow, language], () => void load());
  // Lights change with time alone: a board of one light is read again, any other is counted.
  watch(now, () => void (narrow.value.colour ? load(true) : countSoon()));
  onChanges((changes) => void changed(changes));
  onScopeDispose(() => window.clearTimeout(counting));
  void load();

  return { columns, counts, total, loading, error, fresh, load, more };
}
