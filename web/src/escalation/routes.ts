import type { RouteRecordRaw } from "vue-router";

/** Of the settings. */
export const routes: RouteRecordRaw[] = [
  { path: "chains", name: "chains", component: () => import("./Chains.vue"), meta: { title: "escalation.title", icon: "alarm", order: 55, needs: ["escalation.read"] } },
];

/** Of the numbers. */
export const watching: RouteRecordRaw[] = [
  { path: "alarms", name: "alarms", component: () => import("./Watch.vue"), meta: { title: "escalation.watch", icon: "alarm", order: 80, needs: ["alarms.read", "escalation.audit"] } },
];
