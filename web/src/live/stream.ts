/** The server's event stream: one connection, resumed where it broke. */
import { onScopeDispose, readonly, ref } from "vue";

export interface Change {
  id: number;
  action: string;
  stage: string | null;
  version: number | null;
}

const RETRY = 2000; // ms
const connected = ref(true);
const listeners = new Set<(change: Change | null) => void>();
const meetings = new Set<(id: number) => void>();
let source: EventSource | null = null;
let last = "";
let timer = 0;

export const live = readonly(connected);

/** Open the stream, or leave the one that is open. */
export function connect(): void {
  if (source) return;
  const stream = new EventSource(`/api/v1/stream${last ? `?last_event_id=${last}` : ""}`);
  source = stream;
  stream.addEventListener("open", () => (connected.value = true));
  stream.addEventListener("hello", remember);
  stream.addEventListener("case", (event) => {
    remember(event);
    tell(JSON.parse(event.data as string) as Change);
  });
  stream.addEventListener("presence", (event) => {
    const { id } = JSON.parse(event.data as string) as { id: number };
    for (const meet of meetings) meet(id);
  });
  stream.addEventListener("reset", (event) => {
    remember(event);
    tell(null);
  });
  stream.addEventListener("error", () => {
    connected.value = false;
    // The browser resumes a broken stream itself, but not one that was refused.
    if (stream.readyState === EventSource.CLOSED && source === stream) {
      source = null;
      timer = window.setTimeout(connect, RETRY);
    }
  });
}

export function disconnect(): void {
  window.clearTimeout(timer);
  source?.close();
  source = null;
  last = "";
  connected.value = true;
}

function remember(event: MessageEvent): void {
  last = event.lastEventId;
}

function tell(change: Change | null): void {
  for (const listener of listeners) listener(change);
}

/**
 * Act on changes as long as the component lives, at most once in `pause` ms with all that came;
 * an empty list means that too much was missed: load afresh.
 */
export function onChanges(act: (changes: Change[]) => void, pause = 120): void {
  let waiting: Change[] = [];
  let missed = false;
  let pending = 0;
  const listener = (change: Change | null) => {
    if (change) waiting.push(change);
    else missed = true;
    if (pending) return;
    pending = window.setTimeout(() => {
      pending = 0;
      const changes = missed ? [] : waiting;
      [waiting, missed] = [[], false];
      act(changes);
    }, pause);
  };
  listeners.add(listener);
  onScopeDispose(() => {
    listeners.delete(listener);
    window.clearTimeout(pending);
  });
}

/** Somebody else came to or left a case that is open here; as long as the component lives. */
export function onPresence(act: (id: number) => void): void {
  meetings.add(act);
  onScopeDispose(() => meetings.delete(act));
}
