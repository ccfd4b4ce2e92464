/** The map library, loaded only where a map is looked at. */
import type * as maplibre from "maplibre-gl";

export type Engine = typeof maplibre;

let loaded: Promise<Engine> | null = null;

export function engine(): Promise<Engine> {
  loaded ??= Promise.all([
    import("maplibre-gl"),
    import("maplibre-gl/dist/maplibre-gl-worker.mjs?url"),
    import("maplibre-gl/dist/maplibre-gl.css"),
  ]).then(([library, worker]) => {
    library.setWorkerUrl(worker.default);
    return library;
  });
  loaded.catch(() => (loaded = null));
  return loaded;
}

/** Whether this browser can draw a map at all. */
export function drawable(): boolean {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}
