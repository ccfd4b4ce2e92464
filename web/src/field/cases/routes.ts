import type { RouteRecordRaw } from "vue-router";

const READS = ["case.read"];

export const routes: RouteRecordRaw[] = [
  { path: "/cases", name: "cases", component: () => import("./Lists.vue"), meta: { title: "lists.title", icon: "cases", order: 20, tab: true, needs: READS } },
  { path: "/cases/:id(\\d+)", name: "case", component: () => import("./CasePage.vue"), meta: { needs: READS } },
];
