import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/resources", name: "field-resources", component: () => import("./Resources.vue"), meta: { title: "fresources.title", icon: "box", order: 60, list: "me", needs: ["resources.check"] } },
];
