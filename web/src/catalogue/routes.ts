import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "catalogue", name: "catalogue", component: () => import("./Catalogue.vue"), meta: { title: "catalogue.title", icon: "book", order: 40, needs: ["catalogue.read"] } },
];
