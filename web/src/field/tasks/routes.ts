import type { RouteRecordRaw } from "vue-router";

const DO = ["tasks.do"];

export const routes: RouteRecordRaw[] = [
  { path: "/tasks", name: "tasks", component: () => import("./Day.vue"), meta: { title: "tasks.tab", icon: "tasks", order: 40, tab: true, needs: DO } },
  { path: "/tasks/:id(\\d+)", name: "task", component: () => import("./TaskPage.vue"), meta: { needs: DO } },
  { path: "/tasks/new/:kind", name: "task-visit", component: () => import("./NewVisit.vue"), meta: { needs: DO } },
  { path: "/places", name: "inspect-places", component: () => import("./Places.vue"), meta: { title: "tasks.places", icon: "shield", order: 42, list: "today", needs: ["inspections.do"] } },
  { path: "/places/:id(\\d+)", name: "inspect-place", component: () => import("./PlacePage.vue"), meta: { needs: ["inspections.do"] } },
  { path: "/care", name: "care", component: () => import("./Care.vue"), meta: { title: "tasks.care", icon: "heart", order: 44, list: "today", needs: ["care.read"] } },
  { path: "/care/new", name: "care-new", component: () => import("./Agree.vue"), meta: { needs: ["care.agree"] } },
];
