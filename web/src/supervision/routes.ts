import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "supervision", name: "supervision", component: () => import("./Supervision.vue"), meta: { title: "supervision.title", icon: "gavel", order: 65, needs: ["supervision.answer", "supervision.decide"] } },
];
