/** Drawing one division's boundary with Terra Draw: parts, snapping to neighbours, undo. */
import type { Map } from "maplibre-gl";
import { TerraDraw, TerraDrawPolygonMode, TerraDrawSelectMode, type GeoJSONStoreFeatures } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";

import { type Area, polygonsOf } from "./rows";

const SNAP = 14; // pixels

type Hex = `#${string}`;

export class Drawing {
  private readonly draw: TerraDraw;
  private readonly past: GeoJSONStoreFeatures[][] = [];

  /** `neighbours`: corners to snap to. `changed` is told after every step. */
  constructor(map: Map, start: Area | null, neighbours: number[][], colour: string, changed: () => void) {
    const hex = colour as Hex;
    const snapping = {
      toCustom: (event: { containerX: number; containerY: number }) => {
        let [best, least]: [number[] | undefined, number] = [undefined, SNAP];
        for (const corner of neighbours) {
          const at = map.project(corner as [number, number]);
          const away = Math.hypot(at.x - event.containerX, at.y - event.containerY);
          if (away < least) [best, least] = [corner, away];
        }
        return best;
      },
    };
    this.draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map }),
      modes: [
        new TerraDrawPolygonMode({ snapping, styles: { fillColor: hex, outlineColor: hex, outlineWidth: 3, fillOpacity: 0.2, closingPointColor: hex, closingPointWidth: 6, snappingPointColor: hex } }),
        new TerraDrawSelectMode({
          allowManualDeselection: false,
          flags: { polygon: { feature: { draggable: false, coordinates: { midpoints: true, draggable: true, deletable: true, snappable: snapping } } } },
          styles: { selectedPolygonColor: hex, selectedPolygonOutlineColor: hex, selectedPolygonOutlineWidth: 3, selectedPolygonFillOpacity: 0.2, selectionPointColor: hex, selectionPointWidth: 5, midPointColor: hex, midPointOpacity: 0.6, midPointWidth: 3.5 },
        }),
      ],
    });
    this.draw.start();
    if (start) {
      this.put(polygonsOf(start).map((coordinates) => ({
        type: "Feature", geometry: { type: "Polygon", coordinates }, properties: { mode: "polygon" },
      }) as GeoJSONStoreFeatures));
    } else this.draw.setMode("polygon");
    this.keep();
    this.draw.on("finish", () => {
      this.keep();
      if (this.draw.getMode() === "polygon") this.select();
      changed();
    });
  }

  /** Another part beside those there are. */
  another(): void {
    this.draw.setMode("polygon");
  }

  get steps(): number {
    return this.past.length - 1;
  }

  undo(): void {
    if (this.past.length < 2) return;
    this.past.pop();
    const before = this.past[this.past.length - 1] ?? [];
    this.draw.setMode("select");
    this.draw.clear();
    if (before.length) this.put(before);
    else this.draw.setMode("polygon");
  }

  clear(): void {
    this.draw.setMode("select");
    this.draw.clear();
    this.keep();
    this.draw.setMode("polygon");
  }

  /** What is drawn, or null when nothing is complete. */
  result(): Area | null {
    const parts = this.parts().map((each) => (each.geometry as { coordinates: unknown[] }).coordinates);
    if (!parts.length) return null;
    return parts.length === 1
      ? { type: "Polygon", coordinates: parts[0] as unknown[] }
      : { type: "MultiPolygon", coordinates: parts };
  }

  stop(): void {
    this.draw.stop();
  }

  private parts(): GeoJSONStoreFeatures[] {
    return this.draw.getSnapshot().filter((each) =>
      each.geometry.type === "Polygon" && each.properties.mode === "polygon" && !each.properties.currentlyDrawing);
  }

  private put(features: GeoJSONStoreFeatures[]): void {
    const bare = features.map((each) => ({ ...each, properties: { mode: "polygon" } }));
    this.draw.addFeatures(structuredClone(bare));
    this.select();
  }

  private select(): void {
    this.draw.setMode("select");
    const last = this.parts().at(-1);
    if (last?.id !== undefined) this.draw.selectFeature(last.id);
  }

  private keep(): void {
    this.past.push(structuredClone(this.parts()));
  }
}
