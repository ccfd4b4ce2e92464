import type { RouteRecordRaw } from "vue-router";

const NEEDS = ["duty.own"];

export const routes: RouteRecordRaw[] = [
  { path: "/duty", name: "duty", component: () => import("./Duty.vue"), meta: { title: "dutyf.title", icon: "clock", order: 10, list: "me", needs: NEEDS } },
  { path: "/duty/swap/:slot(\\d+)", name: "duty-swap", component: () => import("./Swap.vue"), props: true, meta: { needs: NEEDS } },
  { path: "/duty/leave", name: "duty-leave", component: () => import("./LeaveForm.vue"), meta: { needs: NEEDS } },
];
