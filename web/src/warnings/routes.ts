import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "warnings", name: "warnings", component: () => import("./Warnings.vue"), meta: { title: "warnings.title", icon: "pin", order: 70, needs: ["warnings.read"] } },
];
