import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "phone", name: "phone", component: () => import("./PhoneDesk.vue"), meta: { title: "phone.title", icon: "phone", order: 20, needs: ["case.receive"] } },
];
