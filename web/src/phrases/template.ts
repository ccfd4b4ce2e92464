/** The server's rules for variables, again, so that a mistake shows while it is typed. */
import type { components } from "../api/schema";

export type Variable = components["schemas"]["VariableOut"];
export type Piece = { text: string; kind: "text" | "fact" | "unknown" };

const BRACES = /\{([^{}]*)\}/g;

/** A text as pieces, each variable filled with its sample. */
export function pieces(text: string, variables: Variable[], language: "zh" | "en"): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(BRACES)) {
    if (match.index > end) found.push(...plain(text.slice(end, match.index)));
    const known = variables.find((each) => each.name === match[1]);
    if (known) found.push({ text: language === "zh" ? known.sample_zh : known.sample_en, kind: "fact" });
    else found.push({ text: match[0], kind: "unknown" });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push(...plain(text.slice(end)));
  return found;
}

/** Text between variables; a lone brace in it is a mistake. */
function plain(text: string): Piece[] {
  return text.split(/([{}])/).filter(Boolean).map((part) => ({ text: part, kind: part === "{" || part === "}" ? "unknown" : "text" }));
}

export function unknown(text: string, variables: Variable[]): string[] {
  const wrong = pieces(text, variables, "zh").filter((each) => each.kind === "unknown");
  return [...new Set(wrong.map((each) => each.text))];
}
