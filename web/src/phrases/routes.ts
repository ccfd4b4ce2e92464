import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "phrases", name: "phrases", component: () => import("./PhraseSettings.vue"), meta: { title: "phrases.title", icon: "quote", order: 70, needs: ["phrases.edit"] } },
];
