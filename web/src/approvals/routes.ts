import type { RouteRecordRaw } from "vue-router";

const NEEDS = ["case.approve", "case.request_extension", "case.request_void"];

export const routes: RouteRecordRaw[] = [
  { path: "approvals", name: "approvals", component: () => import("./Approvals.vue"), meta: { title: "approvals.title", icon: "stamp", order: 60, needs: NEEDS } },
];
