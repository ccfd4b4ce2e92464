/** The rules on show: which version, what was changed, whether the server has it. */
import { computed, ref, shallowRef } from "vue";

import { api, body, Problem } from "../api/client";
import { t } from "../i18n";
import { copy, type Check, file, type Rule, type RuleSet } from "./rules";

type Whole = RuleSet & { rules: { rules: Rule[] } };

/** `drafts`: who may change them begins with the draft, everybody else with what is in force. */
export function useRules(drafts: boolean) {
  const versions = shallowRef<RuleSet[]>([]);
  const shown = shallowRef<RuleSet>();
  const rules = ref<Rule[]>([]);
  const inForce = shallowRef<Rule[]>([]);
  const check = shallowRef<Check>();
  /** saved: the server has it · waiting: about to be sent · refused: it has mistakes · lost: somebody else was faster */
  const state = ref<"saved" | "waiting" | "refused" | "lost" | "away">("saved");
  const past = shallowRef<Rule[][]>([]);
  const active = computed(() => versions.value.find((each) => each.status === "active"));
  const draft = computed(() => versions.value.find((each) => each.status === "draft"));
  let timer = 0;
  let sending = Promise.resolve();

  async function fetchWhole(version: number): Promise<Rule[]> {
    const found = await body<Whole>(api.GET("/api/v1/routing/rule-sets/{version}", { params: { path: { version } } }));
    return found.rules.rules.map((rule) => ({ ...rule, name_en: rule.name_en ?? "", active: rule.active ?? true }));
  }

  async function inspect(): Promise<void> {
    check.value = await body<Check>(api.POST("/api/v1/routing/check", { body: { rules: file(rules.value) } }));
  }

  /** Read the versions and the rules of one: the one asked for, else the draft, else what is in force. */
  async function load(version?: number): Promise<void> {
    versions.value = (await body<{ items: RuleSet[] }>(api.GET("/api/v1/routing/rule-sets", { params: { query: { limit: 100 } } }))).items;
    const at = versions.value.find((each) => each.version === version) ?? (drafts ? draft.value : undefined) ?? active.value ?? versions.value[0];
    const [found, current] = await Promise.all([
      at ? fetchWhole(at.version) : [],
      active.value && active.value !== at ? fetchWhole(active.value.version) : undefined,
    ]);
    shown.value = at;
    rules.value = found;
    inForce.value = current ?? (active.value ? copy(found) : []);
    past.value = [];
    state.value = "saved";
    await inspect();
  }

  async function send(): Promise<void> {
    try {
      await inspect();
      if (!check.value?.ok) {
        state.value = "refused";
        return;
      }
      const revision = draft.value?.revision ?? null;
      const saved = await body<Whole>(api.PUT("/api/v1/routing/draft", { params: {}, body: { rules: file(rules.value), revision } }));
      const { rules: _rules, ...row } = saved;
      versions.value = [row, ...versions.value.filter((each) => each.version !== row.version)];
      shown.value = row;
      if (!timer) state.value = "saved";
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      state.value = error.status === 409 ? "lost" : error.status ? "refused" : "away";
    }
  }

  /** Send what is on show a moment after the last change; one at a time. */
  function later(wait = 350): void {
    state.value = "waiting";
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      timer = 0;
      sending = sending.then(send);
    }, wait);
  }

  /** Send at once what waits; true when the server has everything. */
  async function settle(): Promise<boolean> {
    if (timer) {
      window.clearTimeout(timer);
      timer = 0;
      sending = sending.then(send);
    }
    await sending;
    return state.value === "saved";
  }

  function change(next: Rule[]): void {
    past.value = [...past.value.slice(-49), copy(rules.value)];
    rules.value = next;
    later();
  }

  function undo(): void {
    const last = past.value.at(-1);
    if (!last) return;
    past.value = past.value.slice(0, -1);
    rules.value = last;
    later();
  }

  const stateSaid = computed(() => t(`routing.state.${state.value}`));
  return { versions, shown, rules, inForce, check, state, stateSaid, past, active, draft, load, change, undo, settle, retry: () => later(0) };
}
