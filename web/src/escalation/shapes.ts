/** Answers of /escalation; the document as `escalation.document` reads it. */
import { api, body } from "../api/client";
import type { components } from "../api/schema";

export interface When { at: "used" | "due" | "over"; percent?: number; amount?: number; unit?: string }
export interface Whom { role: string; relation: string; tier?: string; posts?: number[] }
export interface Repeat { times: number; every?: { amount: number; unit: string } }
export interface Step { zh: string; en?: string; when: When; whom: Whom[]; repeat?: Repeat }
export interface Chain { code: string; zh: string; en?: string; classes: string[]; grades: string[]; tiers: string[]; clocks: string[]; steps: Step[] }
export interface AlarmRule { on: boolean; after: number; every: number; role: string; tier: string }
export interface Document { chains: Chain[]; alarms: Record<string, AlarmRule> }
export interface ChainSet { version: number; active: boolean; created_at: string; document: Document; roles: string[]; relations: string[]; clocks: string[]; grades: string[]; tiers: string[] }
export type Version = components["schemas"]["ChainSetRow"];
export type Alarm = components["schemas"]["AlarmOut"];
export type Preview = components["schemas"]["ChainPreviewClock"];

export interface Gap { clock: number; case: number; number: string | null; kind: string; step: number; nth: number; due: string; why: string; detail: string }
export interface AuditRow { at: string; since: string; clocks: number; due: number; ran: number; missing: number; by_reason: Record<string, number> }
export interface Audit { latest: AuditRow | null; stale: boolean; gaps: Gap[]; past: AuditRow[] }

export const active = () => body<ChainSet>(api.GET("/api/v1/escalation/chains/active"));
export const version = (n: number) => body<ChainSet>(api.GET("/api/v1/escalation/chains/{version}", { params: { path: { version: n } } }));
export const versions = async () => (await body<{ items: Version[] }>(api.GET("/api/v1/escalation/chains"))).items;
export const publish = (document: Document, from: number) =>
  body<ChainSet>(api.POST("/api/v1/escalation/chains", { body: { document: document as never, version: from } }));
export const preview = async (said: Record<string, unknown>) =>
  (await body<{ items: Preview[] }>(api.POST("/api/v1/escalation/preview", { body: said as never }))).items;
export const audit = () => body<Audit>(api.GET("/api/v1/escalation/audit"));
export const alarms = (query: { waiting?: boolean; limit?: number; cursor?: string }) =>
  body<components["schemas"]["AlarmPage"]>(api.GET("/api/v1/escalation/alarms", { params: { query } }));
export const acknowledge = (id: number) =>
  body(api.POST("/api/v1/escalation/alarms/{alarm_id}/acknowledge", { params: { path: { alarm_id: id } } }));
