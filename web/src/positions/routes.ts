import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "positions", name: "positions", component: () => import("./OnDuty.vue"), meta: { title: "positions.title", icon: "pin", order: 10, needs: ["positions.read"] } },
  { path: "replay", name: "replay", component: () => import("./Replay.vue"), meta: { title: "replay.title", icon: "route", order: 60, needs: ["positions.look"] } },
];
