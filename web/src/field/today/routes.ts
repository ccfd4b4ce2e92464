import type { RouteRecordRaw } from "vue-router";

import Today from "./Today.vue";

export const routes: RouteRecordRaw[] = [
  { path: "/", name: "today", component: Today, meta: { title: "today.title", icon: "home", order: 10, tab: true } },
];
