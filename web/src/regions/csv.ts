/** Reading a list of divisions: its bytes as text, and its lines for the preview. */

/** Text of a file: UTF-8, or GB 18030 as spreadsheets write it. */
export async function readText(file: File): Promise<{ text: string; encoding: string }> {
  const bytes = await file.arrayBuffer();
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "UTF-8" };
  } catch {
    return { text: new TextDecoder("gb18030").decode(bytes), encoding: "GB18030" };
  }
}

/** What was copied from a spreadsheet has tabs; the server takes commas. */
export function commas(text: string): string {
  const first = text.slice(0, text.indexOf("\n") + 1 || text.length);
  if (!first.includes("\t") || first.includes(",")) return text;
  const cell = (value: string) => (/[",]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value);
  return text.split("\n").map((line) => line.replace(/\r$/, "").split("\t").map(cell).join(",")).join("\n");
}

/** Lines of a CSV text with the number of the line they end on, as the server counts them. */
export function linesOf(text: string, most: number): { line: number; cells: string[] }[] {
  const found: { line: number; cells: string[] }[] = [];
  let [cells, cell, quoted, line] = [[] as string[], "", false, 1];
  for (let i = 0; i < text.length && found.length < most; i++) {
    const at = text[i] as string;
    if (quoted) {
      if (at === '"' && text[i + 1] === '"') cell += text[++i];
      else if (at === '"') quoted = false;
      else cell += at;
      if (at === "\n") line++;
    } else if (at === '"') quoted = true;
    else if (at === ",") [cells, cell] = [[...cells, cell], ""];
    else if (at === "\n") {
      if (cell || cells.length) found.push({ line, cells: [...cells, cell] });
      [cells, cell] = [[], ""];
      line++;
    } else if (at !== "\r" && at !== "\ufeff") cell += at;
  }
  if ((cell || cells.length) && found.length < most) found.push({ line, cells: [...cells, cell] });
  return found;
}

const COLUMNS: Record<string, string> = {
  区县代码: "county_code", 区县: "county", 镇街代码: "town_code9", 镇街: "town", 村社区代码: "village_code12", 村社区: "village",
};

/** The English name of a column, whatever language its head is in. */
export function columnOf(head: string | undefined): string {
  return COLUMNS[head?.trim() ?? ""] ?? head?.trim() ?? "";
}

export const TEMPLATE = [
  Object.keys(COLUMNS).join(","),
  "511802,雨城区,511802001,东城街道,511802001001,北二路社区居委会",
  "511802,雨城区,511802100,多营镇,511802100200,上坝村村委会",
].join("\r\n");

export function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
