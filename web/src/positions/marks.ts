/** Signs of people on a map: by the age of the fix, and by person in a replay. */
import type { Map as GlMap } from "maplibre-gl";

import type { Age } from "./age";

const RATIO = 2;
/** Told apart by those who see few colours too (after Okabe and Ito), one set for each light. */
const COLOURS = {
  light: ["#0b6e99", "#b3500b", "#4d7a12", "#9b3f86", "#7a5a00", "#3c4aa8", "#b03050", "#11766a"],
  dark: ["#5fb8e6", "#f0955a", "#9ccc55", "#e08fcf", "#e0c04a", "#98a5ff", "#ff8fa8", "#52d0bf"],
};
const SIGNS: Record<"light" | "dark", Record<Age | "card" | "line", string>> = {
  light: { fresh: "#0f6b54", stale: "#b36b00", old: "#66736e", card: "#ffffff", line: "#17211e" },
  dark: { fresh: "#55bf9f", stale: "#f0b557", old: "#9dada7", card: "#161e1b", line: "#e6edea" },
};
/** Disc, diamond, hollow ring: the same as beside the names. */
export const SHAPES: Record<Age, string> = {
  fresh: "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z",
  stale: "M12 2.5 21.5 12 12 21.5 2.5 12z",
  old: "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z",
};

export const letter = (n: number) => String.fromCharCode(65 + (n % 26));
export const colour = (n: number, dark: boolean) => COLOURS[dark ? "dark" : "light"][n % 8] ?? "#0b6e99";

function canvas(points: number): CanvasRenderingContext2D {
  const made = document.createElement("canvas");
  made.width = made.height = points * RATIO;
  const pen = made.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("no canvas");
  pen.scale(RATIO, RATIO);
  pen.lineJoin = "round";
  return pen;
}

function add(map: GlMap, name: string, pen: CanvasRenderingContext2D): void {
  if (!map.hasImage(name)) map.addImage(name, pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height), { pixelRatio: RATIO });
}

function drawAge(map: GlMap, age: Age, dark: boolean): void {
  const shades = SIGNS[dark ? "dark" : "light"];
  const pen = canvas(24);
  const path = new Path2D(SHAPES[age]);
  pen.lineWidth = 4;
  pen.strokeStyle = shades.card;
  pen.stroke(path);
  pen.fillStyle = age === "old" ? shades.card : shades[age];
  pen.fill(path);
  if (age === "old") {
    pen.lineWidth = 2.5;
    pen.strokeStyle = shades.old;
    pen.stroke(path);
  }
  add(map, `age-${age}`, pen);
}

/** A letter on the person's colour; hollow while there is no recent fix. */
function drawPerson(map: GlMap, n: number, hollow: boolean, dark: boolean): void {
  const shades = SIGNS[dark ? "dark" : "light"];
  const own = colour(n, dark);
  const pen = canvas(28);
  pen.beginPath();
  if (n % 16 >= 8) pen.roundRect(4, 4, 20, 20, 4); // the colours come round again: another shape
  else pen.arc(14, 14, 10.5, 0, 2 * Math.PI);
  pen.lineWidth = 5;
  pen.strokeStyle = shades.card;
  pen.stroke();
  pen.fillStyle = hollow ? shades.card : own;
  pen.fill();
  pen.lineWidth = 2.2;
  pen.strokeStyle = own;
  pen.stroke();
  pen.font = "700 13px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillStyle = hollow ? own : dark ? "#0f1513" : "#ffffff";
  pen.fillText(letter(n), 14, 14.8);
  add(map, `person-${n}-${hollow ? "hollow" : "full"}`, pen);
}

/** Drawn when the map first asks for it. */
export function draws(map: GlMap, name: string, dark: boolean): void {
  const [kind, which = "", how] = name.split("-");
  if (kind === "age" && which in SHAPES) drawAge(map, which as Age, dark);
  if (kind === "person") drawPerson(map, Number(which), how === "hollow", dark);
}
