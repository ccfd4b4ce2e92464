/** Where this device is: the best fix of the last moments, in WGS-84 whatever the device gives. */
import gcoord from "gcoord";
import { onScopeDispose, ref, shallowRef } from "vue";

import { gcj02 } from "./device";
import type { Spot } from "./divisions";

export interface Fix extends Spot {
  accuracy: number; // m, 68 %
  at: number; // ms, the device's clock
  mock: boolean | null; // null: the device does not say
}

/** What some wrapped browsers add about made-up positions. */
type Coords = GeolocationCoordinates & { mocked?: boolean; isMock?: boolean };

const OLD = 20_000; // ms: after that a worse fix replaces a better one

export function fromDevice(lon: number, lat: number, shifted: boolean): Spot {
  if (!shifted) return { lon, lat };
  const [x = lon, y = lat] = gcoord.transform([lon, lat], gcoord.GCJ02, gcoord.WGS84) as [number, number];
  return { lon: round(x), lat: round(y) };
}

const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7; // a centimetre

/** Follows the device while the component lives. `why`: there is no fix because of this. */
export function useHere() {
  const fix = shallowRef<Fix>();
  const why = ref<"waiting" | "denied" | "none">("waiting");
  let watching = 0;

  function take({ coords, timestamp }: GeolocationPosition): void {
    const said = coords as Coords;
    const found: Fix = { ...fromDevice(coords.longitude, coords.latitude, gcj02.value), accuracy: Math.round(coords.accuracy), at: timestamp, mock: said.mocked ?? said.isMock ?? null };
    if (!fix.value || found.accuracy <= fix.value.accuracy || found.at - fix.value.at > OLD) fix.value = found;
  }

  function start(): void {
    if (!("geolocation" in navigator)) {
      why.value = "none";
      return;
    }
    why.value = "waiting";
    navigator.geolocation.clearWatch(watching);
    watching = navigator.geolocation.watchPosition(take, (error) => (why.value = error.code === error.PERMISSION_DENIED ? "denied" : "none"), {
      enableHighAccuracy: true, maximumAge: 10_000, timeout: 30_000,
    });
  }

  start();
  onScopeDispose(() => navigator.geolocation?.clearWatch(watching));
  return { fix, why, start };
}
