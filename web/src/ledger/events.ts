/** Events of the ledger in words: what was done, to what, and what changed. */
import type { components } from "../api/schema";
import { name, t, type Key, when } from "../i18n";
import { texts } from "../i18n/texts";

export type LedgerEvent = components["schemas"]["EventOut"];
export type Check = components["schemas"]["Check"];

/** Quick filters: codes as the API takes them. */
export const QUICK = {
  contact: "contact.reveal,care.reveal",
  export: "ledger.export,case.export,export.",
  signin: "account.sign_in,account.sign_in_failed,account.sign_in_refused,account.sign_in_unknown,account.lock,account.sign_out",
  access: "account.,post.,token.",
  decisions: "case.extend,case.suspend,case.return,case.void,case.exempt,case.refuse",
  erase: "words.erase,report.erase,contact.delete,evidence.erase",
  setup: "calendar.,limits.,catalogue.,routing.,region.,organisation.",
} as const;

/** Actions one can search for, by what they are about. */
export const GROUPS: Record<string, string[]> = {
  case: Object.keys(texts).filter((key) => key.startsWith("event.case.")).map((key) => key.slice("event.".length)),
  contact: ["contact.reveal", "positions.look", "care.reveal", "contact.delete", "report.erase", "words.erase"],
  evidence: ["evidence.attach", "evidence.erase"],
  recheck: ["draw.announce", "draw.make", "recheck.draw"],
  tasks: ["task.credited", "task.complete", "task.cancel", "visit.record", "inspection.record", "finding.open", "finding.case", "finding.recheck", "finding.fail", "finding.resolve", "care.agree", "care.visit", "care.withdraw", "care.expire", "plan.create", "plan.update", "plan.end", "place.create", "place.update", "task_edition.publish"],
  account: ["account.sign_in", "account.sign_in_failed", "account.sign_in_refused", "account.lock", "account.sign_out", "account.create", "account.update", "account.activate", "account.deactivate", "account.unlock", "account.reset_password", "account.change_password", "account.switch_post", "post.create", "post.end", "token.issue", "token.revoke", "device.connect", "device.revoke"],
  setup: ["catalogue.load", "catalogue.publish", "catalogue.retire", "calendar.publish", "limits.publish", "routing.save_draft", "routing.publish", "routing.restore", "region.create", "region.update", "region.import", "organisation.create", "organisation.update", "organisation.deactivate"],
  supervision: ["supervision.answer", "supervision.close", "escalation.step", "escalation.alarm", "escalation.acknowledge", "escalation.publish"],
  duty: Object.keys(texts).filter((key) => /^event\.(duty|team|shift|roster|swap|leave|closure)\./.test(key)).map((key) => key.slice("event.".length)),
  ledger: ["ledger.export"],
};

export function did(code: string): string {
  const key = `event.${code}`;
  if (!(key in texts)) return code;
  return t(key as Key).replace(/[，,]? ?\S*\{number\}/, "").replace(/（?\(?\{outcome\}\)?）?/, "").replace(/[：:,，].*\{(step|count)\}.*$/, "").replace(/ as$/, "").trim();
}

export interface Change {
  field: string;
  from: string;
  to: string;
}

const SKIPPED = new Set(["version"]);
const zone = { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" } as const;
const second = new Intl.DateTimeFormat("sv-SE", zone);

/** To the second, as records are read: "2026-11-24 11:48:03". */
export function moment(at: string): string {
  return second.format(new Date(at));
}
const NAMED: Record<string, string> = {
  stage: "stage", outcome: "outcome", grade: "grade", channel: "channel", satisfaction: "satisfaction", kind: "auditKind", status: "approvalStatus", state: "clockState", purpose: "purpose", result: "recheckResult", role: "role",
};

/** Fields that changed, before and after, in words where there are words. */
export function changes(event: LedgerEvent): Change[] {
  const fields = [...new Set([...Object.keys(event.before), ...Object.keys(event.after)])];
  // What a person recognises comes before sums and sizes.
  const rank = (field: string) => ["size", "sha256", "digest", "seed", "id"].indexOf(field);
  fields.sort((one, other) => rank(one) - rank(other));
  return fields.filter((field) => !SKIPPED.has(field)).map((field) => ({
    field: name("auditField", field),
    from: field in event.before ? value(field, event.before[field]) : "",
    to: field in event.after ? value(field, event.after[field]) : "",
  }));
}

export function value(field: string, found: unknown): string {
  if (found === null || found === undefined || found === "") return "–";
  if (typeof found === "boolean") return t(found ? "common.yes" : "common.no");
  if (Array.isArray(found)) return many(field, found);
  if (typeof found === "object")
    return Object.entries(found).map(([key, each]) => `${name("auditField", key)} ${value(key, each)}`).join(" · ");
  const text = String(found);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return when(text);
  return NAMED[field] ? name(NAMED[field], text) : text;
}

function many(field: string, found: unknown[]): string {
  if (found.length > 6) return t("audit.many", { n: found.length });
  if (field === "clocks" || field === "orders")
    return (found as Record<string, string>[]).map((each) => `${name(field === "clocks" ? "clock" : "orderKind", each.kind)} ${name(field === "clocks" ? "clockState" : "orderStatus", each.state ?? each.status)}`).join("，");
  return found.map((each) => value(field, each)).join("、");
}
