/** Whether the server can be reached, as far as the last try and the browser know. */
import { ref } from "vue";

export const online = ref(navigator.onLine);
const KEY = "field.heard";
/** When the server last answered; ms, 0 before. */
export const heard = ref(Number(localStorage.getItem(KEY)) || 0);

/** The server answered, or it did not. */
export function reached(yes: boolean): void {
  online.value = yes;
  if (!yes) return;
  heard.value = Date.now();
  localStorage.setItem(KEY, String(heard.value));
}

window.addEventListener("offline", () => (online.value = false));
