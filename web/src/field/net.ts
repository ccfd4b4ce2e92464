/** Plain calls of the API that the page and the service worker make alike. */
import { Problem } from "../api/problem";

export interface Sent {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** ms until it counts as not reached. */
  patience?: number;
}

export interface Answer<Shape> {
  data: Shape;
  status: number;
  headers: Headers;
}

/** Read or write `path` below /api/v1. Raises `Problem`; status 0 when it was not reached. */
export async function call<Shape>(path: string, { method = "GET", body, headers = {}, patience = 30_000 }: Sent = {}): Promise<Answer<Shape>> {
  const raw = body instanceof Blob || body instanceof FormData;
  let response: Response;
  let said: unknown;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(patience),
      headers: { Accept: "application/json", ...(body !== undefined && !raw ? { "Content-Type": "application/json" } : {}), ...headers },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
    const text = await response.text();
    said = text && /json/.test(response.headers.get("Content-Type") ?? "") ? JSON.parse(text) : null;
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (response.ok) return { data: said as Shape, status: response.status, headers: response.headers };
  const { code, detail, title, field, ...extra } = (said ?? {}) as Record<string, string>;
  throw new Problem(response.status, code ?? "unreadable", detail ?? title ?? response.statusText, field ?? null, extra);
}
