import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "audit", name: "audit", component: () => import("./Audit.vue"), meta: { title: "audit.title", icon: "ledger", order: 100, needs: ["ledger.read"] } },
];
