import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "costs", name: "costs", component: () => import("./Costs.vue"), meta: { title: "costs.title", icon: "scale", order: 70, needs: ["costs.read"] } },
];
