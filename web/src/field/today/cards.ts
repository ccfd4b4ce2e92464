/** What stands on Today, in order: a card of each noun for the posts it concerns. */
import { type Component, defineAsyncComponent } from "vue";

import { may } from "../account/session";
import DemandCard from "./DemandCard.vue";
import NextCard from "./NextCard.vue";
import NoticeCard from "./NoticeCard.vue";
import SafeCard from "./SafeCard.vue";

interface Card {
  /** 10 duty · 20 next · 30 came back · 40 notices … */
  order: number;
  /** Shown only to posts that hold one of these. */
  needs?: string[];
  part: Component;
}

/** One line for each noun. */
const all: Card[] = [
  { order: 25, needs: ["tasks.do"], part: defineAsyncComponent(() => import("../tasks/NextTasks.vue")) },
  { order: 15, part: SafeCard },
  { order: 18, needs: ["supervision.answer"], part: DemandCard },
  { order: 20, needs: ["case.read"], part: NextCard },
  { order: 40, needs: ["case.read"], part: NoticeCard },
  { order: 10, needs: ["duty.own"], part: defineAsyncComponent(() => import("../duty/DutyCard.vue")) },
  { order: 12, needs: ["positions.own"], part: defineAsyncComponent(() => import("../positions/SenderCard.vue")) },
];

export function cards(): Card[] {
  return all.filter((each) => each.needs?.some(may) ?? true).sort((a, b) => a.order - b.order);
}
