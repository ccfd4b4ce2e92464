/** Towns and villages by what somebody says or types of their names. */
import { regionRows, type Region } from "../cases/choices";
import { language } from "../i18n";
import type { Place } from "./call";

/** 蒙山村村委会 is called 蒙山村. */
export const spoken = (name: string) => name.replace(/(村委会|居委会)$/, "");

export interface Named extends Place { said: string; town: string }

export async function named(): Promise<Named[]> {
  const rows = await regionRows();
  const towns = new Map(rows.filter((row) => row.level === "town").map((row) => [row.code, row]));
  const shown = (row: Region) => (language.value === "en" && row.name_en) || spoken(row.name);
  return rows.map((row) => {
    const town = row.level === "town" ? undefined : towns.get(row.code.slice(0, 9));
    return { code: row.code, said: spoken(row.name), town: town ? spoken(town.name) : "", label: town ? `${shown(town)} ${shown(row)}` : shown(row) };
  });
}

/** Places whose names stand in the words; villages first, those of a town that is named too before others. */
export function heard(words: string, all: Named[]): Named[] {
  const weight = (one: Named) => (one.town ? 2 + Number(words.includes(one.town)) : 1);
  return all.filter((one) => one.said.length > 1 && words.includes(one.said)).sort((one, other) => weight(other) - weight(one) || other.said.length - one.said.length);
}

/** Places whose names hold every part typed. */
export function sought(typed: string, all: Named[]): Named[] {
  const parts = typed.trim().toLowerCase().split(/[\s,，]+/).filter(Boolean);
  return all.filter((one) => parts.every((part) => `${one.town}${one.said} ${one.label} ${one.code}`.toLowerCase().includes(part)));
}

/** "103.11, 30.09" as coordinates. */
export function coordinates(typed: string): { lon: number; lat: number } | null {
  const found = /^\s*(-?\d{1,3}\.\d+)\s*[,，\s]\s*(-?\d{1,2}\.\d+)\s*$/.exec(typed);
  return found ? { lon: Number(found[1]), lat: Number(found[2]) } : null;
}
