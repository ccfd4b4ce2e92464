import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "outreach", name: "outreach", component: () => import("./Outreach.vue"), meta: { title: "outreach.title", icon: "megaphone", order: 70, needs: ["outreach.send"] } },
];
