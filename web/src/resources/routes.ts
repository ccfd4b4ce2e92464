import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "resources", name: "resources", component: () => import("./Resources.vue"), meta: { title: "resources.title", icon: "box", order: 60, needs: ["resources.read"] } },
];
