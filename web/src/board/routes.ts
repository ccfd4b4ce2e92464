import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "board", name: "board", component: () => import("./Board.vue"), meta: { title: "board.title", icon: "board", order: 20, needs: ["case.read"] } },
];
