/** Who is on duty and where: the list from the API, kept up by the stream. */
import { onScopeDispose, ref, shallowRef, triggerRef } from "vue";

import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { heard } from "./age";

export type Person = components["schemas"]["OnDuty"];
type Listed = components["schemas"]["OnDutyList"];
interface Moved { id: number; at: string; lon: number; lat: number; accuracy: number | null; mock: boolean }
interface Frame { at: string; full: boolean; moved: Moved[]; gone: number[] }

const RETRY = 2000; // ms
const AGAIN = 60_000; // ms: who has come without a fix is in no frame

export function useOnDuty() {
  const people = shallowRef<Map<number, Person>>(new Map());
  const loading = ref(true);
  const failed = ref<unknown>(null);
  const live = ref(true);
  let source: EventSource | null = null;
  let timer = 0;
  let reading = false;
  let over = false;

  async function load(): Promise<void> {
    if (reading) return;
    reading = true;
    try {
      const found = await body<Listed>(api.GET("/api/v1/positions/on-duty"));
      heard(found.at);
      people.value = new Map(found.items.map((each) => [each.account_id, each]));
      failed.value = null;
    } catch (error) {
      failed.value = error;
    } finally {
      loading.value = false;
      reading = false;
    }
  }

  function take(frame: Frame): void {
    heard(frame.at);
    const known = people.value;
    let unknown = false;
    for (const { id, ...last } of frame.moved) {
      const person = known.get(id);
      if (person) known.set(id, { ...person, last });
      else unknown = true;
    }
    for (const id of frame.gone) known.delete(id);
    if (frame.full) {
      // Whoever has a place here and is not in a full frame went off duty while we were cut off.
      const there = new Set(frame.moved.map((each) => each.id));
      for (const [id, person] of known) if (person.last && !there.has(id)) known.delete(id);
    }
    triggerRef(people);
    if (unknown) void load();
  }

  function connect(): void {
    const stream = new EventSource("/api/v1/positions/stream");
    source = stream;
    stream.addEventListener("open", () => (live.value = true));
    stream.addEventListener("frame", (event) => take(JSON.parse(event.data as string) as Frame));
    stream.addEventListener("error", () => {
      live.value = false;
      // The browser renews a broken stream itself, but not one that was refused.
      if (stream.readyState === EventSource.CLOSED && !over) timer = window.setTimeout(connect, RETRY);
    });
  }

  void load().then(() => {
    if (!over) connect();
  });
  const again = window.setInterval(() => void load(), AGAIN);
  onScopeDispose(() => {
    over = true;
    window.clearTimeout(timer);
    window.clearInterval(again);
    source?.close();
  });
  return { people, loading, failed, live, load };
}
