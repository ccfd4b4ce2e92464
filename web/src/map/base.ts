/** What every map is drawn on: our own divisions, above tiles where the installation has some. */
import type { FeatureCollection, MultiPolygon, Point, Polygon, Position } from "geojson";
import type { LayerSpecification, SourceSpecification, StyleSpecification, SymbolLayerSpecification } from "maplibre-gl";

import { api, body } from "../api/client";
import type { components } from "../api/schema";
import type { Language } from "../i18n";
import { short } from "./names";

type Division = { code: string; name: string; name_en: string };
type Divisions = FeatureCollection<Polygon | MultiPolygon, Division>;
type Tiles = components["schemas"]["TilesOut"];
export type Bounds = [west: number, south: number, east: number, north: number];

export interface Ground {
  towns: Divisions;
  villages: Divisions;
  tiles: Tiles;
  bounds: Bounds;
}

/** Fonts of the reader's own machine: nothing is fetched to write a name. */
export const FONT = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "sans-serif"];
const CHINA: Bounds = [97, 26, 109, 34]; // somewhere to look at before any boundary is imported
const COARSE = 15; // m: what no screen shows

let kept: Promise<Ground> | null = null;

/** Boundaries and tiles, read once while the page lives. */
export function ground(): Promise<Ground> {
  kept ??= read();
  kept.catch(() => (kept = null));
  return kept;
}

async function read(): Promise<Ground> {
  const level = (name: "town" | "village") =>
    body<Divisions>(api.GET("/api/v1/regions/geojson", { params: { query: { level: name, simplify: COARSE } } }));
  const [towns, villages, tiles] = await Promise.all([
    level("town"), level("village"), body<Tiles>(api.GET("/api/v1/regions/tiles")),
  ]);
  return { towns, villages, tiles, bounds: around(towns.features.length ? towns : villages) };
}

function rings(shape: Polygon | MultiPolygon): Position[][] {
  return shape.type === "Polygon" ? shape.coordinates.slice(0, 1) : shape.coordinates.flatMap((each) => each.slice(0, 1));
}

function around(divisions: Divisions): Bounds {
  const found: Bounds = [180, 90, -180, -90];
  for (const { geometry } of divisions.features) {
    for (const [lon = 0, lat = 0] of rings(geometry).flat()) {
      found[0] = Math.min(found[0], lon);
      found[1] = Math.min(found[1], lat);
      found[2] = Math.max(found[2], lon);
      found[3] = Math.max(found[3], lat);
    }
  }
  return found[0] > found[2] ? CHINA : found;
}

/** Where a name stands: the centre of gravity of the largest part, and how large that is. */
function centre(shape: Polygon | MultiPolygon): { at: Position; size: number } {
  let best = { at: [0, 0] as Position, size: 0 };
  for (const ring of rings(shape)) {
    let [area, x, y] = [0, 0, 0];
    for (let n = 1; n < ring.length; n++) {
      const [[a = 0, b = 0], [c = 0, d = 0]] = [ring[n - 1] ?? [], ring[n] ?? []];
      const part = a * d - c * b;
      area += part;
      x += (a + c) * part;
      y += (b + d) * part;
    }
    if (Math.abs(area) > best.size) best = { at: [x / (3 * area), y / (3 * area)], size: Math.abs(area) };
  }
  return best;
}

function names(divisions: Divisions, language: Language): FeatureCollection<Point> {
  return {
    type: "FeatureCollection",
    features: divisions.features.map(({ geometry, properties }) => {
      const { at, size } = centre(geometry);
      const said = language === "zh" ? properties.name : properties.name_en || properties.name;
      const name = short(said);
      return { type: "Feature", geometry: { type: "Point", coordinates: at }, properties: { name, rank: -size } }; // the largest first
    }),
  };
}

export interface Ink { paper: string; land: string; edge: string; line: string; name: string; strong: string; halo: string }

const LIGHT: Ink = { paper: "#e9efec", land: "#fbfcfb", edge: "#8fa79e", line: "#d6e0db", name: "#61706a", strong: "#33433d", halo: "#ffffff" };
const DARK: Ink = { paper: "#0b100e", land: "#18211d", edge: "#557067", line: "#2a3732", name: "#8fa19a", strong: "#c6d3cd", halo: "#0f1513" };

export function style(found: Ground, language: Language, dark: boolean): StyleSpecification {
  const ink = dark ? DARK : LIGHT;
  const tiled = found.tiles.layers.length > 0;
  const sources: Record<string, SourceSpecification> = {
    towns: { type: "geojson", data: found.towns, tolerance: 0.2 },
    villages: { type: "geojson", data: found.villages, tolerance: 0.2 },
    "town-names": { type: "geojson", data: names(found.towns, language) },
    "village-names": { type: "geojson", data: names(found.villages, language) },
  };
  const layers: LayerSpecification[] = [{ id: "paper", type: "background", paint: { "background-color": ink.paper } }];
  found.tiles.layers.forEach((addresses, n) => {
    sources[`tiles-${n}`] = {
      type: "raster", tiles: addresses, tileSize: 256, maxzoom: found.tiles.max_zoom,
      attribution: n ? "" : found.tiles.attribution,
    };
    // A dark page keeps its dark map: other people's pictures are dimmed, not inverted.
    layers.push({ id: `tiles-${n}`, type: "raster", source: `tiles-${n}`, paint: dark ? { "raster-brightness-max": 0.55, "raster-saturation": -0.4 } : { "raster-saturation": -0.25 } });
  });
  const font: SymbolLayerSpecification["layout"] = { "text-font": FONT, "symbol-sort-key": ["get", "rank"] };
  if (!tiled) layers.push({ id: "land", type: "fill", source: "towns", paint: { "fill-color": ink.land } });
  layers.push(
    { id: "village-lines", type: "line", source: "villages", minzoom: 9.5, layout: { "line-join": "round" }, paint: { "line-color": ink.line, "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.6, 14, 1.4] } },
    { id: "town-lines", type: "line", source: "towns", layout: { "line-join": "round" }, paint: { "line-color": ink.edge, "line-width": ["interpolate", ["linear"], ["zoom"], 8, 0.8, 14, 2.2], "line-opacity": 0.75 } },
    { id: "village-names", type: "symbol", source: "village-names", minzoom: 11.6, layout: { ...font, "text-field": ["get", "name"], "text-size": 12, "text-max-width": 9, "text-padding": 6 }, paint: { "text-color": ink.name, "text-halo-color": ink.halo, "text-halo-width": 1.4 } },
    { id: "town-names", type: "symbol", source: "town-names", layout: { ...font, "text-field": ["get", "name"], "text-size": ["interpolate", ["linear"], ["zoom"], 8, 11.5, 13, 16], "text-max-width": 8, "text-padding": 4 }, paint: { "text-color": ink.strong, "text-halo-color": ink.halo, "text-halo-width": 1.6 } },
  );
  return { version: 8, sources, layers };
}
