/** Saved filters and how one's list looks, as the server keeps them for the account. */
import { ref, shallowRef } from "vue";

import { api, body, Problem } from "../../api/client";
import type { components } from "../../api/schema";
import { type Chosen, known, USUAL } from "./columns";
import type { Narrow } from "./query";

export type View = Omit<components["schemas"]["FilterOut"], "query"> & { query: Narrow };
export interface Counted { n: number | null; more: boolean }
interface Look { columns: Chosen[]; compact: boolean; first: number | null }
interface Wish { name: string; query: Narrow; sort: string; columns: Chosen[]; shared: boolean }

const LATER = 700; // ms; widths come in by the pixel

export function useViews() {
  const views = shallowRef<View[]>([]);
  const look = ref<Look>({ columns: USUAL, compact: false, first: null });
  const counts = ref(new Map<number, Counted>());
  const ready = ref(false);
  let timer = 0;
  let waiting: Partial<Look> = {};

  async function load(): Promise<void> {
    try {
      const found = await body<{ items: View[]; look: Look }>(api.GET("/api/v1/filters"));
      views.value = found.items;
      look.value = { ...found.look, columns: known(found.look.columns) };
    } finally {
      ready.value = true; // the list works without
    }
  }

  async function count(): Promise<void> {
    if (!views.value.length) return;
    const found = await body<{ items: ({ id: number } & Counted)[] }>(api.GET("/api/v1/filters/counts")).catch((error: unknown) => {
      if (error instanceof Problem) return null;
      throw error;
    });
    if (found) counts.value = new Map(found.items.map((each) => [each.id, each]));
  }

  const plain = (wish: Partial<Wish>) => ({ ...wish, query: wish.query as Record<string, unknown> | undefined });

  async function save(wish: Wish): Promise<View> {
    const made = await body<View>(api.POST("/api/v1/filters", { body: { ...wish, query: wish.query as Record<string, unknown> } }));
    await load();
    void count();
    return made;
  }
  async function change(id: number, changes: Partial<Wish>): Promise<void> {
    await api.PATCH("/api/v1/filters/{pk}", { params: { path: { pk: id } }, body: plain(changes) });
    await load();
    if (changes.query) void count();
  }
  async function remove(id: number): Promise<void> {
    await api.DELETE("/api/v1/filters/{pk}", { params: { path: { pk: id } } });
    await load();
  }
  async function move(id: number, by: number): Promise<void> {
    const mine = views.value.filter((each) => each.mine).map((each) => each.id);
    const from = mine.indexOf(id);
    mine.splice(from, 1);
    mine.splice(Math.max(0, from + by), 0, id);
    await api.PUT("/api/v1/filters/order", { body: { ids: mine } });
    await load();
  }

  /** Shown at once, kept a moment later. */
  function set(changes: Partial<Look>): void {
    look.value = { ...look.value, ...changes };
    waiting = { ...waiting, ...changes };
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void flush(), LATER);
  }
  async function flush(): Promise<void> {
    const changes = waiting;
    waiting = {};
    await api.PATCH("/api/v1/filters/look", { body: changes }).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      waiting = { ...changes, ...waiting }; // goes along with the next change
    });
  }

  return { views, look, counts, ready, load, count, save, change, remove, move, set };
}
