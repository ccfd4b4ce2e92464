/** Settings being tried by the server: asked for, followed to the end, called off. */
import { onBeforeUnmount, ref, shallowRef } from "vue";

import { Problem } from "../api/client";
import { cancelTrial, type Document, newestTrial, trialOf, tryOut, type Trial } from "./shapes";

const [SOON, LATER] = [800, 4000];
export const underWay = (trial: Trial | undefined) => trial?.state === "waiting" || trial?.state === "running";

export function useTrial() {
  const trial = shallowRef<Trial>();
  /** The server does not answer; the trial itself goes on. */
  const lost = ref(false);
  let turn = 0;
  let timer = 0;

  /** Of several answers only the newest question's counts; while it is under way, ask again. */
  async function take(asking: Promise<Trial | undefined>): Promise<void> {
    const mine = ++turn;
    clearTimeout(timer);
    const found = await asking;
    if (mine !== turn) return;
    [trial.value, lost.value] = [found, false];
    if (underWay(found)) timer = window.setTimeout(look, SOON);
  }

  async function look(): Promise<void> {
    const id = trial.value?.id;
    const mine = turn + 1;
    if (id) await take(trialOf(id)).catch((problem: unknown) => {
      if (mine !== turn) return;
      // Deleted or out of reach: there is nothing to follow any more.
      if (problem instanceof Problem && [403, 404].includes(problem.status)) return void (trial.value = undefined);
      lost.value = true;
      timer = window.setTimeout(look, LATER);
    });
  }

  /** The one that matters to this reader: what the page shows when it is opened. */
  const find = () => take(newestTrial());

  /** Refused while a colleague's is under way: then that one is shown, and the refusal passed on. */
  async function start(document: Document, kinds: string[]): Promise<void> {
    try {
      await take(tryOut(document, kinds));
    } catch (problem) {
      const there = problem instanceof Problem ? Number(problem.extra.existing) : 0;
      if (there) await take(trialOf(there));
      else if (underWay(trial.value)) void look();
      throw problem;
    }
  }

  async function cancel(): Promise<void> {
    const id = trial.value?.id;
    if (!id) return;
    try {
      await take(cancelTrial(id));
    } catch (problem) {
      void look();
      throw problem;
    }
  }

  onBeforeUnmount(() => {
    turn += 1;
    clearTimeout(timer);
  });
  return { trial, lost, find, start, cancel };
}
