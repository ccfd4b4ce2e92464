/** Rates while they are typed: prices in yuan as text, empty for not counted. */
import type { Activity, Rate, Rates } from "./shapes";

export interface Draft { yuan: string; unit: "event" | "hour"; minutes: string }
export type Drafts = Record<string, Draft>;

export function drafted(activities: Activity[], rates: Rates): Drafts {
  return Object.fromEntries(activities.map((each) => {
    const rate = rates[each.code];
    return [each.code, rate ? { yuan: (rate.fen / 100).toFixed(2), unit: rate.unit, minutes: rate.minutes ? String(rate.minutes) : "" } : { yuan: "", unit: each.timed ? "hour" : "event", minutes: "" }];
  }));
}

/** What is sent: only what has a price. Yuan become whole fen without binary fractions on the way. */
export function sent(drafts: Drafts): Rates {
  const filled = Object.entries(drafts).filter(([, each]) => String(each.yuan).trim() !== "");
  return Object.fromEntries(filled.map(([code, each]): [string, Rate] => [code, { fen: Math.round(Number(each.yuan) * 100), unit: each.unit, minutes: String(each.minutes).trim() ? Number(each.minutes) : null }]));
}
