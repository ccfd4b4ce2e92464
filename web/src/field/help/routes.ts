import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/notices", name: "bulletins", component: () => import("./Bulletins.vue"), meta: { title: "fhelp.notices", icon: "megaphone", order: 50, list: "me", needs: ["outreach.read"] } },
  { path: "/materials", name: "materials", component: () => import("./Materials.vue"), meta: { title: "fhelp.materials", icon: "book", order: 55, list: "me", needs: ["outreach.read"] } },
  { path: "/help", name: "help", component: () => import("./Help.vue"), meta: { title: "fhelp.title", icon: "help", order: 90, list: "me" } },
];
