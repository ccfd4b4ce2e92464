/** Which standard texts go into which field of a verb; the server's list of uses. */
import type { Field } from "../cases/verbs";
import { may } from "../session/session";

// Their long field holds a resident's words or a description, which no standard text replaces.
const OWN_WORDS = new Set(["amend", "split"]);

/** The use whose texts fit a field, or null where there are none. */
export function phraseUse(verb: string, field: Field): string | null {
  if (!may("phrases.read")) return null;
  if (field.name === "where_to_go") return "where_to_go";
  return field.kind === "long" && !OWN_WORDS.has(verb) ? verb : null;
}
