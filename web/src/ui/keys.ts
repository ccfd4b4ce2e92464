import { onBeforeUnmount, onMounted } from "vue";

/** Single-key shortcuts; silent while somebody types, in dialogs, and with modifiers. */
export function onKeys(keys: Record<string, () => void>): void {
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]")) return;
    if (event.key === "Enter" && target.closest("a, button")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  onMounted(() => window.addEventListener("keydown", listen));
  onBeforeUnmount(() => window.removeEventListener("keydown", listen));
}
