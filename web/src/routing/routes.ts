import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "routing", name: "routing", component: () => import("./Routing.vue"), meta: { title: "routing.title", icon: "route", order: 60, needs: ["routing.read"] } },
];
