/** One try at something the server may refuse: what is wrong by field, what is said, whether it runs. */
import { ref } from "vue";

import { Problem } from "../api/client";
import { t } from "../i18n";

export function attempt() {
  const wrong = ref<Record<string, string>>({});
  const said = ref("");
  const busy = ref(false);
  const refused = ref<Problem>();

  /** Runs `act`; true when it went through. `fields`: those on show; other refusals are said above them. */
  async function run(act: () => Promise<unknown>, fields: string[] = []): Promise<boolean> {
    [wrong.value, said.value, busy.value, refused.value] = [{}, "", true, undefined];
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refused.value = error;
      wrong.value = Object.fromEntries(
        Object.entries(error.fields).map(([field, text]) => [field.replace(/^(body|data)\./, ""), text]),
      );
      const placed = fields.some((field) => wrong.value[field]);
      said.value = placed ? "" : error.status ? error.detail : t("error.unreachable");
      return false;
    } finally {
      busy.value = false;
    }
  }

  /** Whether something needed is missing; those fields say so. */
  function missing(values: Record<string, unknown>, needed: string[]): boolean {
    const empty = needed.filter((field) => {
      const value = values[field];
      return value === undefined || value === null || (typeof value === "string" && !value.trim());
    });
    wrong.value = Object.fromEntries(empty.map((field) => [field, t("signin.needed")]));
    said.value = "";
    return empty.length > 0;
  }

  return { wrong, said, busy, refused, run, missing };
}
