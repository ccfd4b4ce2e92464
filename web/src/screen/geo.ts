/** Boundaries and places in degrees, drawn flat: enough for one district. Pure. */

export type Ring = [number, number][];
interface Feature { properties: { code: string; name: string; name_en: string }; geometry: { type: string; coordinates: unknown } }
export interface Layer { features: Feature[] }
export interface Shape { code: string; name: string; nameEn: string; path: string; x: number; y: number }
export interface Drawn { shapes: Shape[]; width: number; height: number; place: (lon: number, lat: number) => [number, number] }

const LONG = 1000; // the longer side of the drawing

/** Shapes as SVG paths, each with a point inside it for its label; null without boundaries. */
export function draw(layer: Layer): Drawn | null {
  const all = layer.features.map((feature) => rings(feature.geometry));
  const points = all.flat(2);
  if (!points.length) return null;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of points) {
    [west, east] = [Math.min(west, lon), Math.max(east, lon)];
    [south, north] = [Math.min(south, lat), Math.max(north, lat)];
  }
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = LONG / Math.max((east - west) * squeeze, north - south, 1e-9);
  const place = (lon: number, lat: number): [number, number] =>
    [(lon - west) * squeeze * scale, (north - lat) * scale];
  const shapes = layer.features.map((feature, n) => {
    const flat = (all[n] ?? []).map((ring) => ring.map(([lon, lat]) => place(lon, lat)));
    const [x, y] = inside(flat);
    const { code, name, name_en } = feature.properties;
    return { code, name, nameEn: name_en || name, path: flat.map(outline).join(""), x, y };
  });
  return { shapes, width: (east - west) * squeeze * scale, height: (north - south) * scale, place };
}

function rings(geometry: Feature["geometry"]): Ring[] {
  if (geometry.type === "Polygon") return geometry.coordinates as Ring[];
  return geometry.type === "MultiPolygon" ? (geometry.coordinates as Ring[][]).flat() : [];
}

function outline(ring: Ring): string {
  return `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
}

/** A point well inside: the middle of the longest stretch that crosses the shape at half height. */
function inside(flat: Ring[]): [number, number] {
  const ys = flat.flat().map(([, y]) => y);
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  let best: [number, number, number] = [0, 0, -1];
  for (const part of [0.5, 0.42, 0.58]) {
    const y = top + (bottom - top) * part + 0.01;
    const cuts = flat.flatMap((ring) => crossings(ring, y)).sort((a, b) => a - b);
    for (let n = 0; n + 1 < cuts.length; n += 2) {
      const [from, to] = [cuts[n] ?? 0, cuts[n + 1] ?? 0];
      if (to - from > best[2]) best = [(from + to) / 2, y, to - from];
    }
  }
  return [best[0], best[1]];
}

function crossings(ring: Ring, y: number): number[] {
  const found: number[] = [];
  ring.forEach(([x, at], n) => {
    const [beforeX, beforeY] = ring[n ? n - 1 : ring.length - 1] ?? [x, at];
    if (at > y !== beforeY > y) found.push(x + ((y - at) * (beforeX - x)) / (beforeY - at));
  });
  return found;
}
