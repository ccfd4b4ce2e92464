/** Photos and files of a case: reading the list, and sending with progress. */
import { Problem } from "../../api/client";
import type { components } from "../../api/schema";
import { language } from "../../i18n";

export type Evidence = components["schemas"]["EvidenceOut"];
export const PURPOSES = ["before", "after", "report", "check", "reply", "file"] as const;
export type Purpose = (typeof PURPOSES)[number];

export const isPicture = (each: Evidence) => each.thumb_url !== null;

/** Send one file; `progress` gets 0 to 1. Raises `Problem` with what the server said. */
export function send(id: number, file: File, purpose: Purpose, progress: (done: number) => void): Promise<Evidence> {
  const form = new FormData();
  form.append("subject_kind", "case");
  form.append("subject_id", String(id));
  form.append("purpose", purpose);
  form.append("file", file, file.name);
  const token = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="))?.split("=")[1] ?? "";
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch reports no progress of what it sends
    request.open("POST", "/api/v1/evidence");
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Accept-Language", language.value === "zh" ? "zh-CN" : "en");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      const said = (request.response ?? {}) as Record<string, string>;
      if (request.status === 201) resolve(request.response as Evidence);
      else reject(new Problem(request.status, said.code ?? "unreadable", said.detail ?? said.title ?? "", said.field ?? null));
    };
    request.onerror = () => reject(new Problem(0, "unreachable", ""));
    request.send(form);
  });
}
