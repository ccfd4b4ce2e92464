import type { RouteRecordRaw } from "vue-router";

/** Of the numbers. */
export const numbers: RouteRecordRaw[] = [
  { path: "fieldwork", name: "numbers-fieldwork", component: () => import("./Fieldwork.vue"), meta: { title: "fieldwork.title", icon: "fieldwork", order: 16, needs: ["scores.coverage"] } },
];

export const routes: RouteRecordRaw[] = [
  { path: "coverage", name: "coverage", component: () => import("./Coverage.vue"), meta: { title: "coverage.title", icon: "cover", order: 5, needs: ["scores.coverage"] } },
  { path: "appeals", name: "appeals", component: () => import("./Appeals.vue"), meta: { title: "appeals.title", icon: "stamp", order: 80, needs: ["scores.review"] } },
  { path: "evaluation", name: "evaluation", component: () => import("./Rules.vue"), meta: { title: "evaluation.title", icon: "scale", order: 90, needs: ["scores.rules"] } },
];
