/** What lies on this phone, and whether the browser may clear it away. */
import { computed, ref, shallowRef } from "vue";

import { t } from "../../i18n";

export const persisted = ref(false);
const estimate = shallowRef<StorageEstimate>();

/** A size as people read it. */
export const megabytes = (bytes: number) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);
export const room = computed(() => {
  const { usage, quota } = estimate.value ?? {};
  return usage === undefined || quota === undefined ? t("mine.storedUnknown") : t("mine.stored", { used: megabytes(usage), free: megabytes(quota - usage) });
});

/** Ask the browser to keep what is here; whether it agreed. Some ask the person, some decide alone. */
export async function askToPersist(): Promise<boolean> {
  persisted.value = (await navigator.storage?.persist?.()) ?? false;
  return persisted.value;
}

export async function measure(): Promise<void> {
  persisted.value = (await navigator.storage?.persisted?.()) ?? false;
  estimate.value = await navigator.storage?.estimate?.();
}

void measure();
