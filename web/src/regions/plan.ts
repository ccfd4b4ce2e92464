/** What is entered for a new district, before it is sent as a whole. */
import type { Crs } from "./rows";

export type Tier = "district" | "town" | "village";
export const TIERS: Tier[] = ["district", "town", "village"];

export interface Plan {
  csv: string;
  source: string; // name of the file, for show
  encoding: string;
  bounds: "none" | "files" | "made";
  files: Partial<Record<Tier, Record<string, unknown>>>;
  fileNames: Partial<Record<Tier, string>>;
  crs: Crs;
  lon: string;
  lat: string;
  centres: Tier[];
}

export function newPlan(): Plan {
  return { csv: "", source: "", encoding: "", bounds: "none", files: {}, fileNames: {}, crs: "wgs84", lon: "", lat: "", centres: [...TIERS] };
}
