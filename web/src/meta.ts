import "vue-router";

import type { Key } from "./i18n";
import type { icons } from "./ui/icons";

/** What the navigation reads of a page. */
declare module "vue-router" {
  interface RouteMeta {
    /** Its name in the navigation; pages without one are reached otherwise. */
    title?: Key;
    icon?: keyof typeof icons;
    /** Place in the navigation, smallest first. */
    order?: number;
    /** Shown and open only to posts that hold one of these actions. */
    needs?: string[];
    /** Field app: at the foot of the screen; the large one in the middle is "big". */
    tab?: true | "big";
    /** Field app: a line on this page leads here. */
    list?: "today" | "me";
  }
}
