/** The pin of one place. */
import type { Map as GlMap, Marker } from "maplibre-gl";

import { icons } from "../ui/icons";
import type { Engine } from "./engine";

const SVG = "http://www.w3.org/2000/svg";

export function pin(library: Engine, map: GlMap, at: [number, number]): Marker {
  const element = document.createElement("div");
  element.className = "map-pin";
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "3 1.5 14 17");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", icons.pin);
  drawing.append(path);
  element.append(drawing);
  return new library.Marker({ element, anchor: "bottom" }).setLngLat(at).addTo(map);
}
