/**
 * The rows of one question, read in windows around what is seen.
 *
 * The first page comes with a cursor right before its first row, the count with a cursor behind
 * every thousandth: each window hangs on one of them, so rows keep their numbers while others come
 * in on top. What changes is put in its place; what is new waits to be asked for.
 */
import { computed, ref, shallowRef, triggerRef } from "vue";

import { api, body, Problem } from "../../api/client";
import type { CaseRow, Page } from "../../api/shapes";
import type { Change } from "../../live/stream";
import { type Narrow, NEWEST } from "./query";

const BLOCK = 100;
const KEPT = 6000; // rows; the farthest go first
interface Anchors { total: number; exact: boolean; step: number; cursors: string[] }
type Firsts = Page<CaseRow> & { head: string | null };

export function useRows() {
  const held = shallowRef(new Map<number, CaseRow>());
  const total = ref<number>(); // unknown while it is counted
  const exact = ref(true);
  const reached = ref(0); // rows read without a gap from the first one
  const loading = ref(true);
  const error = ref<unknown>();
  const fresh = ref(new Set<number>());
  const gone = ref(new Set<number>());
  const arrived = ref(new Set<number>());
  const waiting = new Map<number, AbortController>();
  let [narrow, sort]: [Narrow, string] = [{}, NEWEST];
  let head: string | null = null;
  let next: string | null = null;
  let anchors: Anchors | null = null;
  let turn = 0;
  let since = 0; // by the server's clock

  /** How many rows there is room for: all, or while that is unknown those read and a few more. */
  const count = computed(() => (anchored.value ? (total.value ?? 0) : reached.value + (more.value ? BLOCK / 2 : 0)));
  const anchored = ref(false);
  const more = ref(false);
  const row = (index: number) => held.value.get(index);
  const query = () => ({ ...narrow, sort });

  async function load(asked: Narrow, order: string): Promise<void> {
    const mine = ++turn;
    [narrow, sort] = [asked, order];
    for (const each of waiting.values()) each.abort();
    waiting.clear();
    loading.value = true;
    try {
      const answer = await api.GET("/api/v1/cases", { params: { query: { ...query(), limit: BLOCK } } });
      const page = answer.data as unknown as Firsts;
      if (mine !== turn) return;
      since = Date.parse(answer.response.headers.get("Date") ?? "") || Date.now();
      held.value = new Map(page.items.map((each, index) => [index, each]));
      [head, next, anchors] = [page.head, page.next, null];
      [reached.value, more.value, exact.value] = [page.items.length, !!page.next, true];
      [total.value, anchored.value] = page.next ? [undefined, false] : [page.items.length, true];
      [fresh.value, gone.value, arrived.value] = [new Set(), new Set(), new Set()];
      error.value = undefined;
      if (page.next) void locate(mine);
    } catch (found) {
      if (mine === turn) error.value = found;
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  async function locate(mine: number): Promise<void> {
    const found = await body<Anchors>(api.GET("/api/v1/cases/anchors", { params: { query: { ...query(), head } } })).catch(() => null);
    if (!found || mine !== turn) return; // without it the list still reads on, page by page
    [total.value, exact.value] = [found.total, found.exact];
    if (!found.exact) return;
    anchors = found;
    anchored.value = true;
  }

  /** Read what is missing between two rows, and stop reading what nobody looks at any more. */
  function ensure(first: number, last: number): void {
    const from = Math.floor(Math.max(0, first) / BLOCK) * BLOCK;
    for (const [block, each] of waiting) {
      if (block + BLOCK >= first - BLOCK && block <= last + BLOCK) continue;
      each.abort();
      waiting.delete(block);
    }
    for (let block = from; block < Math.min(last, count.value); block += BLOCK) {
      if (!whole(block) && !waiting.has(block)) void fetch(block).catch(() => undefined);
    }
  }

  const whole = (block: number) => {
    const end = Math.min(block + BLOCK, anchored.value ? (total.value ?? 0) : reached.value);
    return block < end && held.value.has(block) && held.value.has(end - 1) && (anchored.value || block + BLOCK <= reached.value || !more.value);
  };

  async function fetch(block: number): Promise<void> {
    const stop = new AbortController();
    const [mine, on] = [turn, !anchors];
    let place: { cursor?: string; skip?: number };
    if (anchors) {
      const behind = Math.floor(block / anchors.step);
      const cursor = behind ? anchors.cursors[behind - 1] : head;
      place = { cursor: cursor ?? undefined, skip: block - behind * anchors.step };
    } else {
      if (!next || waiting.size) return;
      place = { cursor: next };
    }
    const begin = on ? reached.value : block;
    waiting.set(block, stop);
    try {
      const page = await body<Page<CaseRow>>(api.GET("/api/v1/cases", { params: { query: { ...query(), ...place, limit: BLOCK } }, signal: stop.signal }));
      if (mine !== turn) return;
      page.items.forEach((each, index) => held.value.set(begin + index, each));
      if (on) [next, more.value] = [page.next, !!page.next];
      if (begin <= reached.value) reached.value = Math.max(reached.value, begin + page.items.length);
      if (on && !page.next) [total.value, exact.value] = [reached.value, true];
      forget(block);
      triggerRef(held);
      error.value = undefined;
    } catch (found) {
      if (mine === turn && !stop.signal.aborted) error.value = found;
      throw found;
    } finally {
      if (waiting.get(block) === stop) waiting.delete(block);
    }
  }

  function forget(around: number): void {
    if (held.value.size <= KEPT) return;
    for (const index of [...held.value.keys()]) {
      if (Math.abs(index - around) > KEPT / 3 && (anchored.value || index < reached.value - KEPT)) held.value.delete(index);
    }
  }

  /** Ids of the rows that are held, in order. */
  const ids = () => [...held.value].sort(([a], [b]) => a - b).map(([, each]) => each.id);

  /** The rows between two places, read if need be. */
  async function between(first: number, last: number): Promise<CaseRow[]> {
    for (let block = Math.floor(first / BLOCK) * BLOCK; block <= last; block += BLOCK) {
      if (!whole(block)) await fetch(block).catch(() => undefined);
    }
    const found: CaseRow[] = [];
    for (let index = first; index <= last; index += 1) {
      const each = row(index);
      if (each) found.push(each);
    }
    return found;
  }

  /** Changes as they come: rows that are held change in place, new ones are counted. */
  async function changed(changes: Change[]): Promise<void> {
    const ids = [...new Set(changes.map((each) => each.id))].slice(-200);
    const mine = turn;
    if (!ids.length || loading.value) return;
    const page = await body<Page<CaseRow>>(api.GET("/api/v1/cases", { params: { query: { ...narrow, ids, limit: 200 } } })).catch((found: unknown) => {
      if (found instanceof Problem) return null;
      throw found;
    });
    if (!page || mine !== turn) return;
    const fits = new Map(page.items.map((each) => [each.id, each]));
    const [lit, lost, come] = [new Set<number>(), new Set(gone.value), new Set(arrived.value)];
    const here = new Set<number>();
    for (const [index, each] of held.value) {
      if (!ids.includes(each.id)) continue;
      here.add(each.id);
      const now = fits.get(each.id);
      if (!now) lost.add(each.id);
      else if (now.version !== each.version) {
        held.value.set(index, now);
        lit.add(now.id);
        lost.delete(now.id);
      }
    }
    const byStage = narrow.stage ?? narrow.colour ?? narrow.open;
    for (const each of page.items) {
      if (here.has(each.id)) continue;
      if (Date.parse(byStage ? each.stage_since : each.reported_at) >= since) come.add(each.id);
    }
    [fresh.value, gone.value, arrived.value] = [lit, lost, come];
    triggerRef(held);
  }

  return { row, ids, count, total, exact, loading, error, fresh, gone, arrived, load, ensure, between, changed };
}
