import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "open-data", name: "open-data", component: () => import("./OpenData.vue"), meta: { title: "opendata.title", icon: "download", order: 75, needs: ["opendata.manage"] } },
];
