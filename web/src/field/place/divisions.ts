/** Which village a place lies in, from boundaries that lie on this device: no network needed. */
import type { FeatureCollection, MultiPolygon, Polygon, Position } from "geojson";

import { short } from "../../map/names";
import { cached, lying } from "../data";

type Raw = FeatureCollection<Polygon | MultiPolygon, { code: string; name: string; name_en: string }>;
export interface Spot {
  lon: number; // WGS-84 degrees
  lat: number;
}

export interface Division {
  code: string;
  name: string; // as a label has it
  full: string;
  en: string;
  rings: Position[][]; // outer and inner alike: the even-odd rule tells inside from outside
  box: [west: number, south: number, east: number, north: number];
  label: Spot;
}

const PATH = "/regions/geojson?level=village&simplify=15";
const DAY = 24 * 3600_000; // ms: boundaries do not change from hour to hour
const METRES = 111_320; // of one degree of latitude
const NEAR = 300; // m beyond a border still counts as the village next to it

let held: Promise<Division[]> | null = null;

/** The villages of the district; from this device when they were read within a day. */
export function divisions(): Promise<Division[]> {
  held ??= (async () => {
    const old = await lying<Raw>(PATH);
    const raw = old && Date.now() - old.at < DAY ? old.data : (await cached<Raw>(PATH)).data;
    return raw.features.map((each) => made(each));
  })();
  held.catch(() => (held = null));
  return held;
}

function made({ geometry, properties }: Raw["features"][number]): Division {
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  const box: Division["box"] = [180, 90, -180, -90];
  for (const [lon = 0, lat = 0] of rings.flat()) {
    box[0] = Math.min(box[0], lon);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon);
    box[3] = Math.max(box[3], lat);
  }
  return { code: properties.code, name: short(properties.name), full: properties.name, en: properties.name_en || properties.name, rings, box, label: centre(rings) };
}

/** The centre of gravity of the largest ring. */
function centre(rings: Position[][]): Spot {
  let best = { size: -1, lon: 0, lat: 0 };
  for (const ring of rings) {
    let [area, x, y] = [0, 0, 0];
    for (let n = 1; n < ring.length; n++) {
      const [[a = 0, b = 0], [c = 0, d = 0]] = [ring[n - 1] ?? [], ring[n] ?? []];
      const part = a * d - c * b;
      area += part;
      x += (a + c) * part;
      y += (b + d) * part;
    }
    if (Math.abs(area) > best.size && area !== 0) best = { size: Math.abs(area), lon: x / (3 * area), lat: y / (3 * area) };
  }
  return best;
}

export function inside(spot: Spot, { box, rings }: Division): boolean {
  if (spot.lon < box[0] || spot.lon > box[2] || spot.lat < box[1] || spot.lat > box[3]) return false;
  let odd = false;
  for (const ring of rings) {
    for (let n = 1; n < ring.length; n++) {
      const [[a = 0, b = 0], [c = 0, d = 0]] = [ring[n - 1] ?? [], ring[n] ?? []];
      if (b > spot.lat !== d > spot.lat && spot.lon < ((c - a) * (spot.lat - b)) / (d - b) + a) odd = !odd;
    }
  }
  return odd;
}

/** The village of a place, or the nearest within 300 m; null when it lies outside them all. */
export function villageOf(spot: Spot, all: Division[]): Division | null {
  for (const each of all) if (inside(spot, each)) return each;
  let best: { far: number; each: Division } | null = null;
  for (const each of all) {
    const far = fromBorder(spot, each);
    if (far < (best?.far ?? NEAR)) best = { far, each };
  }
  return best?.each ?? null;
}

function fromBorder(spot: Spot, { rings }: Division): number {
  const east = METRES * Math.cos((spot.lat * Math.PI) / 180);
  let least = Infinity;
  for (const ring of rings) {
    for (let n = 1; n < ring.length; n++) {
      const [[a = 0, b = 0], [c = 0, d = 0]] = [ring[n - 1] ?? [], ring[n] ?? []];
      const [x1, y1, x2, y2] = [(a - spot.lon) * east, (b - spot.lat) * METRES, (c - spot.lon) * east, (d - spot.lat) * METRES];
      const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
      const along = length ? Math.max(0, Math.min(1, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / length)) : 0;
      least = Math.min(least, Math.hypot(x1 + along * (x2 - x1), y1 + along * (y2 - y1)));
    }
  }
  return least;
}

/** Metres between two places close by. */
export function metres(a: Spot, b: Spot): number {
  return Math.hypot((a.lon - b.lon) * METRES * Math.cos((a.lat * Math.PI) / 180), (a.lat - b.lat) * METRES);
}
