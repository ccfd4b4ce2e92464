import { onBeforeUnmount, onMounted } from "vue";

/** While something would be lost, the browser asks before the tab is closed or loaded anew. */
export function onLeaving(dirty: () => boolean): void {
  const ask = (event: BeforeUnloadEvent) => {
    if (dirty()) event.preventDefault();
  };
  onMounted(() => window.addEventListener("beforeunload", ask));
  onBeforeUnmount(() => window.removeEventListener("beforeunload", ask));
}
