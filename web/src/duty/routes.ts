import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "duty", name: "on-duty", component: () => import("./OnDuty.vue"), meta: { title: "duty.onDuty", icon: "verify", order: 10, needs: ["duty.read"] } },
  { path: "roster", name: "roster", component: () => import("./Roster.vue"), meta: { title: "duty.roster", icon: "columns", order: 20, needs: ["duty.read"] } },
  { path: "requests", name: "duty-requests", component: () => import("./Requests.vue"), meta: { title: "duty.requests", icon: "sync", order: 25, needs: ["duty.arrange"] } },
  { path: "teams", name: "teams", component: () => import("./Teams.vue"), meta: { title: "duty.teams", icon: "people", order: 30, needs: ["duty.arrange"] } },
];
