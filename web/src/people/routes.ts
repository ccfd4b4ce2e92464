import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "organisations", name: "organisations", component: () => import("./Organisations.vue"), meta: { title: "people.organisations", icon: "org", order: 20, needs: ["organisations.staff"] } },
  { path: "accounts", name: "accounts", component: () => import("./Accounts.vue"), meta: { title: "people.accounts", icon: "people", order: 30, needs: ["accounts.read"] } },
  { path: "tokens", name: "tokens", component: () => import("./Tokens.vue"), meta: { title: "people.tokens", icon: "key", order: 90, needs: ["accounts.read"] } },
];
