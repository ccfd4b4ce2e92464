import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";

import { routes as approvals } from "./approvals/routes";
import { routes as board } from "./board/routes";
import { routes as briefings } from "./briefings/routes";
import { routes as catalogue } from "./catalogue/routes";
import { routes as checking } from "./checking/routes";
import { routes as clocks } from "./clocks/routes";
import { routes as costs } from "./costs/routes";
import { routes as duty } from "./duty/routes";
import { routes as indicators } from "./indicators/routes";
import { routes as chains, watching } from "./escalation/routes";
import { routes as ledger } from "./ledger/routes";
import { routes as opendata } from "./opendata/routes";
import { routes as people } from "./people/routes";
import { routes as phone } from "./phone/routes";
import { routes as phrases } from "./phrases/routes";
import { routes as positions } from "./positions/routes";
import { routes as outreach } from "./outreach/routes";
import { routes as regions } from "./regions/routes";
import { routes as resources } from "./resources/routes";
import { routes as routing } from "./routing/routes";
import { numbers as ofFieldwork, routes as scores } from "./scores/routes";
import { routes as tasks } from "./tasks/routes";
import { may, unready, whoAmI } from "./session/session";
import { routes as supervision } from "./supervision/routes";
import Shell from "./shell/Shell.vue";
import { routes as warnings, settings as ofWarnings } from "./warnings/routes";
import Workbench from "./workbench/Workbench.vue";

const READS = ["case.read"];

/** Pages of daily work, in the side bar by `order`. */
export const pages: RouteRecordRaw[] = [
  { path: "", name: "work", component: Workbench, meta: { title: "nav.work", icon: "work", order: 10 } },
  { path: "cases", name: "cases", component: () => import("./cases/list/CaseList.vue"), meta: { title: "nav.cases", icon: "cases", order: 30, needs: READS } },
  { path: "cases/:id(\\d+)", name: "case", component: () => import("./cases/CasePage.vue") },
  ...phone,
  ...board,
  ...checking,
  ...approvals,
  ...supervision,
];

/** Pages of the configuration, in its own list by `order`. */
export const settings: RouteRecordRaw[] = [
  ...regions,
  ...people,
  ...catalogue,
  ...clocks,
  ...routing,
  ...chains,
  ...phrases,
  ...opendata,
  ...ofWarnings,
  ...ledger,
];

/** Pages of the field work seen from the desk, in a section of their own. */
export const fieldwork: RouteRecordRaw[] = [
  ...duty,
  ...scores,
  ...resources,
  ...outreach,
  ...tasks,
  ...positions,
];

/** Pages of numbers: indicators, dashboards, reports, warnings. */
export const numbers: RouteRecordRaw[] = [
  ...briefings,
  ...costs,
  ...indicators,
  ...ofFieldwork,
  ...watching,
  ...warnings,
];

export const SECTIONS = {
  fieldwork: { title: "nav.fieldwork", icon: "fieldwork", pages: fieldwork },
  numbers: { title: "nav.numbers", icon: "numbers", pages: numbers },
  settings: { title: "nav.settings", icon: "gear", pages: settings },
} as const;
export type SectionName = keyof typeof SECTIONS;

/** What this post finds of some pages, in order. */
export function open(some: RouteRecordRaw[]): RouteRecordRaw[] {
  return some
    .filter((page) => page.meta?.title && (page.meta.needs?.some(may) ?? true))
    .sort((a, b) => (a.meta?.order ?? 0) - (b.meta?.order ?? 0));
}

export const router = createRouter({
  history: createWebHistory("/desk/"),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: "/sign-in", name: "sign-in", component: () => import("./session/SignIn.vue") },
    {
      path: "/",
      component: Shell,
      children: [
        ...pages,
        ...(Object.keys(SECTIONS) as SectionName[]).map((section): RouteRecordRaw => ({
          path: section, name: section, component: () => import("./shell/Section.vue"), props: { section }, children: SECTIONS[section].pages,
        })),
        { path: "account", name: "account", component: () => import("./session/Account.vue") },
        { path: ":rest(.*)", component: () => import("./shell/NotFound.vue") },
      ],
    },
  ],
});

router.beforeEach(async (to) => {
  const known = await whoAmI();
  if (to.name === "sign-in") return known ? { name: "work" } : true;
  if (!known) return { name: "sign-in", query: to.path === "/" ? {} : { to: to.fullPath } };
  if (unready.value && to.name !== "account") return { name: "account" };
  if (to.meta.needs && !to.meta.needs.some(may)) return { name: "work" };
  return true;
});
