/** How large everything is shown: one of three steps, kept in this browser. */
import { ref, watchEffect } from "vue";

export const SIZES = [1, 2, 3] as const;
export type Size = (typeof SIZES)[number];

const KEY = "desk.size";
const stored = Number(localStorage.getItem(KEY));
export const size = ref<Size>(stored === 2 || stored === 3 ? stored : 1);

watchEffect(() => {
  // What it does stands in theme.css; every page follows.
  document.documentElement.dataset.size = String(size.value);
  localStorage.setItem(KEY, String(size.value));
});

export function nextSize(): void {
  size.value = ((size.value % 3) + 1) as Size;
}
