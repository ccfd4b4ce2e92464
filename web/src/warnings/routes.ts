import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "warnings", name: "warnings", component: () => import("./Warnings.vue"), meta: { title: "warnings.title", icon: "pin", order: 70, needs: ["warnings.read"] } },
];

/** In the configuration: what a district may set. */
export const settings: RouteRecordRaw[] = [
  { path: "warning-settings", name: "warning-settings", component: () => import("./Settings.vue"), meta: { title: "warnings.settings", icon: "pin", order: 78, needs: ["warnings.configure"] } },
];
