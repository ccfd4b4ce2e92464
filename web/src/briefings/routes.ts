import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "briefings", name: "briefings", component: () => import("./Briefings.vue"), meta: { title: "briefings.title", icon: "book", order: 60, needs: ["briefings.read"] } },
  { path: "briefings/templates/:code", name: "briefing-template", component: () => import("./TemplatePage.vue"), props: true },
];
