import createClient, { type Middleware } from "openapi-fetch";

import { language } from "../i18n";
import { Problem } from "./problem";
import type { paths } from "./schema";

export { Problem };

let signedOut: () => void = () => undefined;

/** Called whenever the server no longer knows who we are. */
export function onSignedOut(act: () => void): void {
  signedOut = act;
}

function cookie(name: string): string {
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

const rules: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", language.value === "zh" ? "zh-CN" : "en");
    if (request.method !== "GET") request.headers.set("X-CSRFToken", cookie("csrftoken"));
    return request;
  },
  async onResponse({ request, response }) {
    if (response.ok) return undefined;
    const body: unknown = await response.json().catch(() => null);
    const { code, detail, title, field, ...extra } = (body ?? {}) as Record<string, string>;
    if (response.status === 401 && !(request.method === "POST" && /\/session(\/second-step)?$/.test(request.url)))
      signedOut();
    throw new Problem(
      response.status, code ?? "unreadable", detail ?? title ?? response.statusText, field ?? null, extra,
    );
  },
  onError({ error }) {
    return error instanceof Problem ? error : new Problem(0, "unreachable", "");
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin });
api.use(rules);

type Answer = Promise<{ data?: unknown }>;

/** The body of an answer whose shape the document leaves open. */
export async function body<Shape>(answer: Answer): Promise<Shape> {
  return (await answer).data as Shape;
}

/** A key that makes sending the same thing twice harmless. */
export function onceKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Carry out a verb of the lifecycle on a case. */
export async function move(
  id: number, verb: string, fields: Record<string, unknown>, key: string,
): Promise<{ version: number }> {
  // The verb comes from the server's own list of actions; the document has one path for each.
  const path = `/api/v1/cases/{case_id}/${verb}` as "/api/v1/cases/{case_id}/note";
  return body(api.POST(path, {
    params: { path: { case_id: id }, header: { "Idempotency-Key": key } },
    body: fields as { text: string },
  }));
}
