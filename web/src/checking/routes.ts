import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "checking", name: "checking", component: () => import("./Checking.vue"), meta: { title: "checking.title", icon: "verify", order: 50, needs: ["case.close", "rechecks.draw"] } },
];
