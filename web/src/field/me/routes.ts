import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/holdings", name: "holdings", component: () => import("./Holdings.vue"), meta: { title: "holdings.title", icon: "shield", order: 40, list: "me", needs: ["me.read"] } },
];
