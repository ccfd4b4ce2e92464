import type { RouteRecordRaw } from "vue-router";

const NEEDS = ["indicators.read"];
const PAGES = [["overview", "screen"], ["department", "org"], ["region", "map"], ["class", "book"], ["channel", "phone"]] as const;

export const routes: RouteRecordRaw[] = [
  ...PAGES.map(([page, icon], n): RouteRecordRaw => ({ path: page, name: `numbers-${page}`, component: () => import("./Dashboard.vue"), props: { page }, meta: { title: `ind.page.${page}`, icon, order: 10 + n, needs: NEEDS } })),
  { path: "indicators", name: "indicators", component: () => import("./Indicators.vue"), meta: { title: "ind.title", icon: "numbers", order: 20, needs: NEEDS } },
  { path: "closed", name: "numbers-closed", component: () => import("./Closed.vue"), meta: { title: "ind.closed", icon: "lock", order: 90, needs: NEEDS } },
];
