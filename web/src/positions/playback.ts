/** Where somebody was at a moment of a replay. Seconds since the start of the look. */
import type { components } from "../api/schema";

export type Ways = components["schemas"]["Ways"];
export type Way = Ways["people"][number];
export type Fix = [second: number, lon: number, lat: number, accuracy: number | null, mock: boolean];

export interface Spot {
  lon: number;
  lat: number;
  /** Seconds since the last fix: what is drawn is then only where the person last was. */
  silent: number;
}
export interface Track { duty: [number, number][]; fixes: Fix[] }

/** Between two fixes no farther apart than this the way is drawn; beyond it nothing is claimed. */
export const GAP = 180;

export function track(way: Way, since: string): Track {
  const zero = new Date(since).getTime();
  const second = (at: string) => (new Date(at).getTime() - zero) / 1000;
  return { duty: way.duty.map((each) => [second(each.since), second(each.until)]), fixes: way.fixes as Fix[] };
}

export function onDuty(found: Track, at: number): boolean {
  return found.duty.some(([from, to]) => at >= from && at < to);
}

/** The index of the last fix at or before a moment; -1: none yet. */
export function before(fixes: Fix[], at: number): number {
  let [low, high] = [0, fixes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fixes[middle]?.[0] ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where somebody was; null when off duty then, or without a fix since going on duty. */
export function spot(found: Track, at: number): Spot | null {
  const duty = found.duty.find(([from, to]) => at >= from && at < to);
  if (!duty) return null;
  const n = before(found.fixes, at);
  const last = found.fixes[n];
  if (!last || last[0] < duty[0]) return null;
  const next = found.fixes[n + 1];
  if (next && next[0] - last[0] <= GAP && next[0] < duty[1]) {
    const part = (at - last[0]) / (next[0] - last[0]);
    return { lon: last[1] + (next[1] - last[1]) * part, lat: last[2] + (next[2] - last[2]) * part, silent: at - last[0] };
  }
  return { lon: last[1], lat: last[2], silent: at - last[0] };
}

/** The way up to a moment as lines, broken where fixes are missing or duty ended. */
export function lines(found: Track, until = Infinity): [number, number][][] {
  const made: [number, number][][] = [];
  let last: Fix | undefined;
  for (const fix of found.fixes) {
    if (fix[0] > until) break;
    const joined = last && fix[0] - last[0] <= GAP && found.duty.some(([from, to]) => (last?.[0] ?? 0) >= from && fix[0] < to);
    if (!joined) made.push([]);
    made.at(-1)?.push([fix[1], fix[2]]);
    last = fix;
  }
  return made.filter((line) => line.length > 1);
}

export function bounds(found: Track[]): [number, number, number, number] | null {
  const box: [number, number, number, number] = [180, 90, -180, -90];
  for (const { fixes } of found) {
    for (const [, lon, lat] of fixes) {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    }
  }
  if (box[0] > box[2]) return null;
  const margin = 0.002;
  return [box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin];
}
