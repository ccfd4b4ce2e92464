/** The time, ticking every half minute, for everything that counts down. */
import { readonly, ref } from "vue";

const time = ref(Date.now());
window.setInterval(() => (time.value = Date.now()), 30_000);
export const now = readonly(time);
