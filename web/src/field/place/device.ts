/** What the worker says of this device, once (Me), for reports and for positions on duty alike. */
import { ref, watch } from "vue";

const KEY = "field.gcj02";
/** Some Chinese devices give GCJ-02, some hundred metres off. */
export const gcj02 = ref(localStorage.getItem(KEY) === "1" || localStorage.getItem("positions.crs") === "gcj02");
watch(gcj02, (yes) => {
  localStorage.setItem(KEY, yes ? "1" : "0");
  localStorage.removeItem("positions.crs"); // where an earlier version kept its own
});
