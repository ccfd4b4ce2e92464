/** Steps in words. */
import { bracketed, name, t, type Key } from "../i18n";
import type { Step, Whom } from "./shapes";

export const spanOf = (amount = 1, unit = "hour") => t(`escalation.span.${unit}` as Key, { n: amount });

/** "超时 4 小时，共 3 次，间隔 1 天". */
export function sayWhen(step: Step): string {
  const { when, repeat } = step;
  const first = when.at === "used" ? t("escalation.say.used", { n: when.percent ?? 0 })
    : when.at === "due" ? t("escalation.say.due")
    : t("escalation.say.over", { span: spanOf(when.amount, when.unit) });
  if (!repeat || repeat.times < 2) return first;
  return `${first} · ${t("escalation.say.every", { n: repeat.times, span: spanOf(repeat.every?.amount, repeat.every?.unit) })}`;
}

/** "承办单位 · 处置人员". */
export function sayWhom(whom: Whom): string {
  const where = name("escalation.relation", whom.relation);
  if (whom.relation === "post") return where;
  const level = whom.tier ? bracketed(name("escalation.tier", whom.tier)) : "";
  return `${where}${level} · ${name("role", whom.role)}`;
}
