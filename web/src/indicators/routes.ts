import type { RouteRecordRaw } from "vue-router";

const NEEDS = ["indicators.read"];

export const routes: RouteRecordRaw[] = [
  { path: "overview", name: "numbers-overview", component: () => import("./Overview.vue"), meta: { title: "ind.overview", icon: "screen", order: 10, needs: NEEDS } },
  { path: "indicators", name: "indicators", component: () => import("./Indicators.vue"), meta: { title: "ind.title", icon: "numbers", order: 20, needs: NEEDS } },
  { path: "closed", name: "numbers-closed", component: () => import("./Closed.vue"), meta: { title: "ind.closed", icon: "lock", order: 90, needs: NEEDS } },
];
