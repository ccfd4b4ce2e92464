import { ref, watchEffect } from "vue";

const stored = localStorage.getItem("desk.dark");
export const dark = ref(
  stored ? stored === "1" : window.matchMedia("(prefers-color-scheme: dark)").matches,
);

watchEffect(() => document.documentElement.classList.toggle("dark", dark.value));

// Paper is white.
window.addEventListener("beforeprint", () => document.documentElement.classList.remove("dark"));
window.addEventListener("afterprint", () => document.documentElement.classList.toggle("dark", dark.value));

export function toggleDark(): void {
  dark.value = !dark.value;
  localStorage.setItem("desk.dark", dark.value ? "1" : "0");
}
