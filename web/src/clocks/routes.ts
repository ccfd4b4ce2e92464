import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "calendars", name: "calendars", component: () => import("./Clocks.vue"), meta: { title: "clocks.title", icon: "clock", order: 50, needs: ["calendars.read"] } },
];
