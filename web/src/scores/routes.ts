import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "coverage", name: "coverage", component: () => import("./Coverage.vue"), meta: { title: "coverage.title", icon: "cover", order: 5, needs: ["scores.coverage"] } },
  { path: "appeals", name: "appeals", component: () => import("./Appeals.vue"), meta: { title: "appeals.title", icon: "stamp", order: 80, needs: ["scores.review"] } },
  { path: "evaluation", name: "evaluation", component: () => import("./Rules.vue"), meta: { title: "evaluation.title", icon: "scale", order: 90, needs: ["scores.rules"] } },
];
