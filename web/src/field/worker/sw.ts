/** The service worker of /field/: keeps all files of the app, and sends the outbox when the network
 * is back even though no page is open. It keeps no answer of the API. */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

import { sendAll } from "../outbox/send";

declare const FILES: { url: string; revision: string | null }[]; // put in by the build (web/field.ts)

interface WorkerEvent extends Event {
  readonly data?: unknown;
  readonly tag?: string;
  waitUntil(promise: Promise<unknown>): void;
}
/** What we use of the worker's scope; its types clash with those of a page. */
declare const self: {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "activate" | "message" | "sync", act: (event: WorkerEvent) => void): void;
};

precacheAndRoute(FILES);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL("/field/"), { allowlist: [/^\/field(\/|$)/] }));

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === "skip waiting") void self.skipWaiting();
});
self.addEventListener("sync", (event) => {
  if (event.tag !== "outbox") return;
  event.waitUntil(
    sendAll(undefined, true).then((end) => {
      // A promise that breaks makes the browser try again later, also with no window open.
      if (end !== "through" && end !== "signed out") throw new Error(`not all is sent: ${end}`);
    }),
  );
});
