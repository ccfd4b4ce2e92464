/** Drawn signs of the map: shapes of the lights for single cases, rings for many. */
import type { Map as GlMap } from "maplibre-gl";

const LIGHTS = ["red", "yellow", "green", "grey"] as const;
type Light = (typeof LIGHTS)[number];
export interface Shares { count: number; red: number; yellow: number; green: number; grey: number }

const SHADES: Record<"light" | "dark", Record<Light | "card", string>> = {
  light: { red: "#c22f22", yellow: "#d18a1b", green: "#2c8a66", grey: "#8b9994", card: "#ffffff" },
  dark: { red: "#ff7b70", yellow: "#f0b557", green: "#4fbf92", grey: "#7f8e88", card: "#161e1b" },
};
const RATIO = 2; // drawn twice as fine as points
const PARTS = 12; // a ring's shares are told in twelfths
const SIZES = [36, 44, 52, 62];

const size = (count: number) => (count < 10 ? 0 : count < 100 ? 1 : count < 1000 ? 2 : 3);

/** The name of the ring of a cluster; each light that is there at all has a part of it. */
export function ring(shares: Shares): string {
  const parts = LIGHTS.map((light) => (shares[light] ? Math.max(1, Math.round((shares[light] / shares.count) * PARTS)) : 0));
  return `ring-${size(shares.count)}-${parts.join("-")}`;
}

/** 1,234 as people read it on a small sign: 1.2k, 12k. */
export function short(count: number): string {
  if (count < 1000) return String(count);
  return count < 9950 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`;
}

function canvas(points: number): CanvasRenderingContext2D {
  const made = document.createElement("canvas");
  made.width = made.height = points * RATIO;
  const pen = made.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("no canvas");
  pen.scale(RATIO, RATIO);
  return pen;
}

function add(map: GlMap, name: string, pen: CanvasRenderingContext2D): void {
  if (!map.hasImage(name)) map.addImage(name, pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height), { pixelRatio: RATIO });
}

function drawRing(map: GlMap, name: string, dark: boolean): void {
  const shades = SHADES[dark ? "dark" : "light"];
  const [which = 0, ...parts] = name.split("-").slice(1).map(Number);
  const points = SIZES[which] ?? 36;
  const pen = canvas(points);
  const [middle, wide] = [points / 2, 5];
  pen.fillStyle = shades.card;
  pen.beginPath();
  pen.arc(middle, middle, middle - 1, 0, 2 * Math.PI);
  pen.fill();
  const whole = parts.reduce((sum, part) => sum + part, 0);
  let from = -Math.PI / 2;
  pen.lineWidth = wide;
  parts.forEach((part, n) => {
    if (!part) return;
    const to = from + (part / whole) * 2 * Math.PI;
    pen.strokeStyle = shades[LIGHTS[n] ?? "grey"];
    pen.beginPath();
    pen.arc(middle, middle, middle - 1 - wide / 2, from, to);
    pen.stroke();
    from = to;
  });
  add(map, name, pen);
}

/** The same shapes as on the cards: triangle, diamond, disc, circle. */
const SHAPES: Record<Light, string> = {
  red: "M12 3.5 21 19.5H3z", yellow: "M12 2.5 21.5 12 12 21.5 2.5 12z",
  green: "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", grey: "M12 5.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z",
};

function drawShape(map: GlMap, light: Light, dark: boolean): void {
  const shades = SHADES[dark ? "dark" : "light"];
  const pen = canvas(24);
  const path = new Path2D(SHAPES[light]);
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  pen.strokeStyle = shades.card;
  pen.stroke(path);
  pen.fillStyle = light === "grey" ? shades.card : shades[light];
  pen.fill(path);
  if (light === "grey") {
    pen.lineWidth = 2.5;
    pen.strokeStyle = shades.grey;
    pen.stroke(path);
  }
  add(map, `light-${light}`, pen);
}

/** Every sign is drawn when the map first asks for it. */
export function draws(map: GlMap, name: string, dark: boolean): void {
  if (name.startsWith("ring-")) drawRing(map, name, dark);
  const light = LIGHTS.find((each) => name === `light-${each}`);
  if (light) drawShape(map, light, dark);
}
