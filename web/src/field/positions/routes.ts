import type { RouteRecordRaw } from "vue-router";

const NEEDS = ["positions.own"];

export const routes: RouteRecordRaw[] = [
  { path: "/way", name: "way", component: () => import("./MyWay.vue"), meta: { title: "way.title", icon: "route", order: 40, list: "me", needs: NEEDS } },
  { path: "/way/looks", name: "way-looks", component: () => import("./Looks.vue"), meta: { needs: NEEDS } },
  { path: "/way/devices", name: "way-devices", component: () => import("./Devices.vue"), meta: { needs: NEEDS } },
];
