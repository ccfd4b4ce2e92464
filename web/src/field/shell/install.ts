/** The service worker beside the page: keeps the app on the device, and says when there is a new one. */
import { shallowRef } from "vue";

export const update = shallowRef<ServiceWorker | null>(null);
/** Without HTTPS there is no worker, no digest and no lock: the app works, but only with a network. */
export const secure = window.isSecureContext;
const HOUR = 3600_000; // ms

export function install(): void {
  if (!("serviceWorker" in navigator)) return;
  window.addEventListener("load", () => void register());
  if (document.readyState === "complete") void register();
}

let asked = false;

async function register(): Promise<void> {
  if (asked) return;
  asked = true;
  const found = await navigator.serviceWorker.register("/field/sw.js", { scope: "/field/" });
  const offer = (worker: ServiceWorker | null) => {
    if (worker && navigator.serviceWorker.controller) update.value = worker; // the first one is no news
  };
  offer(found.waiting);
  found.addEventListener("updatefound", () => {
    const fresh = found.installing;
    fresh?.addEventListener("statechange", () => fresh.state === "installed" && offer(fresh));
  });
  window.setInterval(() => void found.update().catch(() => undefined), HOUR);
}

/** Take the new one; the page starts afresh with it. What waits in the outbox stays. */
export function takeUpdate(): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => window.location.reload(), { once: true });
  update.value?.postMessage("skip waiting");
}
