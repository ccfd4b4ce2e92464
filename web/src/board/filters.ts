/** What both the board and the map are narrowed by; it lives in the address. */
import { computed } from "vue";
import { useRoute, useRouter } from "vue-router";

import type { Stage } from "../api/shapes";

export const STAGES: Stage[] = ["received", "prechecking", "filed", "dispatched", "handling", "suspended", "fed_back", "checking"];
export const LIGHTS = ["red", "yellow", "green", "grey"] as const;
const NAMES = ["q", "stage", "colour", "class_code", "region"] as const;
export type Name = (typeof NAMES)[number];
export type Narrow = Record<Name, string>;

export function useFilters() {
  const route = useRoute();
  const router = useRouter();
  const one = (key: Name): string => {
    const value = route.query[key];
    return (Array.isArray(value) ? value[0] : value) ?? "";
  };
  const narrow = computed<Narrow>((before) => {
    const now = Object.fromEntries(NAMES.map((key) => [key, one(key)])) as Narrow;
    return before && NAMES.every((key) => before[key] === now[key]) ? before : now;
  });
  const narrowed = computed(() => NAMES.some((key) => narrow.value[key]));

  function set(key: Name, value: string | undefined): void {
    void router.replace({ query: { ...route.query, [key]: value || undefined } });
  }
  function clear(): void {
    void router.replace({ query: {} });
  }
  return { narrow, narrowed, set, clear };
}

/** As the API wants it; open cases only. */
export function asked({ q, stage, colour, class_code, region }: Narrow) {
  return {
    q, colour, region, open: true,
    stage: stage ? [stage as Stage] : undefined,
    class_code: class_code ? [class_code] : undefined,
  };
}
