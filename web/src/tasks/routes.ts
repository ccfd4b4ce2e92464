import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "tasks", redirect: { name: "coverage", query: { view: "tasks" } } }, // where this page was
  { path: "inspections", name: "inspections", component: () => import("./Inspections.vue"), meta: { title: "fieldTasks.inspections", icon: "verify", order: 32, needs: ["inspections.read"] } },
  { path: "places", name: "places", component: () => import("./Places.vue"), meta: { title: "fieldTasks.places", icon: "shield", order: 34, needs: ["places.read"] } },
  { path: "plans", name: "plans", component: () => import("./Plans.vue"), meta: { title: "fieldTasks.plans", icon: "clock", order: 36, needs: ["tasks.plan"] } },
  { path: "kinds", name: "kinds", component: () => import("./Kinds.vue"), meta: { title: "fieldTasks.kinds", icon: "book", order: 38, needs: ["tasks.configure"] } },
  { path: "care", name: "care", component: () => import("./Consents.vue"), meta: { title: "fieldTasks.care", icon: "heart", order: 40, needs: ["care.read"] } },
];
