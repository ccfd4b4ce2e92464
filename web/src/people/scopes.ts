/** What a token may do, in words: "case.read" is 案件·查看. */
import { name, t } from "../i18n";

export function nounOf(scope: string): string {
  return scope.split(".")[0] ?? scope;
}

export function scopeName(scope: string): string {
  const [noun, verb] = scope.split(".");
  const what = name("people.noun", noun);
  return `${what}·${verb === "*" ? t("people.scopesAll") : name("people.verb", verb)}`;
}
