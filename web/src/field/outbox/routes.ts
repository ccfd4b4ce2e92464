import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/outbox", name: "outbox", component: () => import("./Outbox.vue"), meta: { title: "outbox.title", icon: "cloud", order: 10, list: "me" } },
];
