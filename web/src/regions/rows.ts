/** Divisions as the server tells them, and what can be said of them. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type Level = Schemas["RegionNode"]["level"];
export type Crs = Schemas["GeoJsonIn"]["crs"];
export type Region = Schemas["RegionOut"];
export type Problem = Schemas["DivisionProblem"];
export type Report = Schemas["ImportOut"];
export type Node = Schemas["RegionNode"];

export const LEVELS: Level[] = ["district", "town", "village", "grid"];
export const CRSES: Crs[] = ["wgs84", "gcj02", "bd09"];
export const MOST_MB = 5; // what the server takes in one request

export interface Area {
  type: "Polygon" | "MultiPolygon";
  coordinates: unknown[];
}
export interface Feature {
  type: "Feature";
  id: number;
  geometry: Area;
  properties: { code: string; name: string; name_en: string; level: Level; generated: boolean };
}

export function readTree(): Promise<Node[]> {
  return body(api.GET("/api/v1/regions/tree"));
}

export function readRegion(id: number): Promise<Region> {
  return body(api.GET("/api/v1/regions/{pk}", { params: { path: { pk: id } } }));
}

export async function readLayer(level: Level, within?: string): Promise<Feature[]> {
  const found = await body<{ features: Feature[] }>(
    api.GET("/api/v1/regions/geojson", { params: { query: { level, within } } }));
  return found.features;
}

/** The code at the end of a problem's "name code". */
export function codeIn(label: string | null | undefined): string | undefined {
  return label?.match(/\b(\d{6,20})$/)?.[1];
}

export function polygonsOf(area: Area): number[][][][] {
  return (area.type === "Polygon" ? [area.coordinates] : area.coordinates) as number[][][][];
}

/** A point to write the name at: the centre of mass of the largest ring. */
export function middle(area: Area): [number, number] {
  let best: [number, number] = [0, 0];
  let most = -1;
  for (const [ring] of polygonsOf(area)) {
    let [size, x, y] = [0, 0, 0];
    if (!ring) continue;
    const [ox, oy] = ring[0] as [number, number];
    for (let i = 0; i + 1 < ring.length; i++) {
      const [ax, ay] = [(ring[i]?.[0] ?? 0) - ox, (ring[i]?.[1] ?? 0) - oy];
      const [bx, by] = [(ring[i + 1]?.[0] ?? 0) - ox, (ring[i + 1]?.[1] ?? 0) - oy];
      const cross = ax * by - bx * ay;
      [size, x, y] = [size + cross, x + (ax + bx) * cross, y + (ay + by) * cross];
    }
    if (Math.abs(size) > most && size) {
      most = Math.abs(size);
      best = [ox + x / (3 * size), oy + y / (3 * size)];
    }
  }
  return best;
}
