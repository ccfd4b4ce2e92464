/** Blocks of a kept briefing, as `mengding/briefings/blocks.py` writes them. */
export interface Block {
  kind: "heading" | "paragraph" | "figures" | "findings" | "table" | "bars" | "trend";
  text?: string;
  title?: string;
  note?: string;
  items?: (string | Record<string, string | number>)[];
  head?: string[];
  rows?: string[][];
  steps?: string[];
  series?: { name: string; values: number[] }[];
}
