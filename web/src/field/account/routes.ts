import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/me", name: "mine", component: () => import("./Mine.vue"), meta: { title: "mine.title", icon: "person", order: 50, tab: true } },
  { path: "/sign-in", name: "sign-in", component: () => import("./SignIn.vue") },
  { path: "/first", name: "first", component: () => import("./First.vue") },
];
