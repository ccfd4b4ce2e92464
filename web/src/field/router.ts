import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";

import { routes as account } from "./account/routes";
import { may, me, ready, unready } from "./account/session";
import { routes as cases } from "./cases/routes";
import { routes as duty } from "./duty/routes";
import { routes as help } from "./help/routes";
import { routes as holdings } from "./me/routes";
import { routes as outbox } from "./outbox/routes";
import { routes as resources } from "./resources/routes";
import { routes as scores } from "./scores/routes";
import { routes as tasks } from "./tasks/routes";
import { routes as positions } from "./positions/routes";
import { routes as report } from "./report/routes";
import { routes as today } from "./today/routes";

/** One line for each noun. A page names itself in `meta`: `tab` puts it at the foot of the screen,
 * `list` among the lines of Today or Me, `needs` keeps it from posts that may not do it. */
export const pages: RouteRecordRaw[] = [
  ...today,
  ...tasks,
  ...cases,
  ...report,
  ...duty,
  ...outbox,
  ...scores,
  ...holdings,
  ...resources,
  ...help,
  ...positions,
  ...account,
];

const open = (page: RouteRecordRaw): boolean => page.meta?.needs?.some(may) ?? true;
const byOrder = (a: RouteRecordRaw, b: RouteRecordRaw): number => (a.meta?.order ?? 0) - (b.meta?.order ?? 0);

/** What stands at the foot of the screen for this post. */
export function tabs(): RouteRecordRaw[] {
  return pages.filter((page) => page.meta?.tab && open(page)).sort(byOrder);
}

/** Pages that Today or Me leads to, for this post. */
export function listed(on: "today" | "me"): RouteRecordRaw[] {
  return pages.filter((page) => page.meta?.list === on && open(page)).sort(byOrder);
}

export const router = createRouter({
  history: createWebHistory("/field/"),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [...pages, { path: "/:rest(.*)", redirect: "/" }],
});

router.beforeEach(async (to) => {
  await ready();
  if (to.name === "sign-in") return true;
  if (!me.value) return { name: "sign-in", query: to.path === "/" ? {} : { to: to.fullPath } };
  if (unready.value && to.name !== "first") return { name: "first" };
  if (to.meta.needs && !to.meta.needs.some(may)) return { name: "today" };
  return true;
});
