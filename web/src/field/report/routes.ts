import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/report", name: "report", component: () => import("./Report.vue"), meta: { title: "report.title", icon: "camera", order: 30, tab: "big", needs: ["case.receive"] } },
];
