import type { RouteRecordRaw } from "vue-router";

const READERS = ["regions.manage", "accounts.read"];

export const routes: RouteRecordRaw[] = [
  { path: "divisions", name: "divisions", component: () => import("./Divisions.vue"), meta: { title: "regions.title", icon: "map", order: 10, needs: READERS } },
  { path: "divisions/new-district", name: "new-district", component: () => import("./NewDistrict.vue"), meta: { needs: ["regions.manage"] } },
];
