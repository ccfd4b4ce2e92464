/** The list one came from: its cases in order, and its address with all filters. */
const KEY = "desk.trail";

interface Trail {
  from: string;
  ids: number[];
}

export function keepTrail(from: string, ids: number[]): void {
  sessionStorage.setItem(KEY, JSON.stringify({ from, ids }));
}

export function trail(): Trail {
  const kept = sessionStorage.getItem(KEY);
  return kept ? (JSON.parse(kept) as Trail) : { from: "/cases", ids: [] };
}
