/** What a report needs where there is no signal, read before it is needed: classes and places. */
import { lying } from "../data";

const DAY = 86_400_000; // ms

export async function getReady(): Promise<void> {
  const [report, place] = await Promise.all([import("../report/classes"), import("../place/divisions")]);
  const old = await lying(report.PATH);
  if (!old || Date.now() - old.at > DAY) await report.loadClasses();
  await place.divisions().catch(() => undefined); // away: the next time Today is opened
}
