/** Paper shows charts that were never scrolled into view, too: each tells how to draw itself. */
const drawers = new Set<() => Promise<void>>();

/** `draw` draws a chart as it has to be on paper; the answer takes it back. */
export function onPaper(draw: () => Promise<void>): () => void {
  drawers.add(draw);
  return () => drawers.delete(draw);
}

/** All charts of the page are drawn. */
export async function ready(): Promise<void> {
  await Promise.all([...drawers].map((draw) => draw()));
}
