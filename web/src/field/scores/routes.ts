import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/evaluation", name: "my-month", component: () => import("./MyMonth.vue"), meta: { title: "mymonth.title", icon: "scale", order: 30, list: "me", needs: ["scores.mine"] } },
];
