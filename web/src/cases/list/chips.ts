/** Each thing the list is narrowed by, in words. */
import type { Stage } from "../../api/shapes";
import { name, t } from "../../i18n";
import type { Choice } from "../choices";
import { type Narrow, type Part, PARTS, toAddress } from "./query";

export const STAGES: Stage[] = ["received", "prechecking", "filed", "dispatched", "handling", "suspended", "fed_back", "checking", "closed", "declined", "void", "merged"];
export const CHANNELS = ["phone", "walk_in", "grid", "web", "open311", "transfer", "sensor", "warning", "import"];
export const GRADES = ["general", "important", "urgent"];

export interface Lists {
  classes: { big: string; items: Choice<string>[] }[];
  regions: Choice<string>[];
  orgs: Choice<number>[];
}

export function chips(narrow: Narrow, lists: Lists): { part: Part; text: string }[] {
  const days = toAddress(narrow);
  const found = new Map<Part, string>();
  for (const part of PARTS) {
    if (days[part] === undefined) continue;
    const value = narrow[part];
    if (part === "q") found.set(part, `“${String(value)}”`);
    else if (part === "stage") found.set(part, (narrow.stage ?? []).map((each) => name("stage", each)).join("、"));
    else if (part === "colour") found.set(part, name("due", narrow.colour));
    else if (part === "channel" || part === "grade") found.set(part, name(part, String(value)));
    else if (part === "class_code") found.set(part, (narrow.class_code ?? []).map((code) => label(lists.classes.flatMap((each) => each.items), code)).join("、"));
    else if (part === "region") found.set(part, label(lists.regions, String(value)));
    else if (part === "lead_org") found.set(part, `${t("list.lead")}：${label(lists.orgs, Number(value))}`);
    else if (part === "days") found.set(part, value === 1 ? t("list.today") : t("list.inDays", { n: Number(value) }));
    else if (part === "open" || part === "supervised" || part === "rework" || part === "help") found.set(part, t(value ? `list.${part}Yes` : `list.${part}No`));
    else {
      const what = t(part.startsWith("due") ? "list.dueAt" : part.startsWith("closed") ? "list.closed" : "list.reported");
      found.set(part, t(part.endsWith("since") ? "list.fromDay" : "list.toDay", { name: what, day: String(days[part]) }));
    }
  }
  return Array.from(found, ([part, text]) => ({ part, text }));
}

function label<Value>(list: Choice<Value>[], value: Value): string {
  return list.find((each) => each.value === value)?.label ?? String(value);
}
