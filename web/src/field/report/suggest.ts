/** Which class a person's words are about, worked out on the device: the same sum as the server's
 * (`catalogue/suggest.py`) over names, keywords, descriptions and the texts of the conditions. */

export interface Class {
  code: string;
  big_code: string;
  big_zh: string;
  big_en: string;
  zh: string;
  en: string;
  description_zh: string;
  keywords_zh: string[];
  filing_zh?: string[]; // what was kept here by an older version has none
  confidential: boolean;
}

const [NAME, KEYWORD, DESCRIPTION, CONDITION, WHOLE] = [1, 0.8, 0.5, 0.4, 1.5];

/** Overlapping pairs of Chinese characters, and Latin words. */
function* tokens(text: string): Generator<string> {
  const lowered = text.toLowerCase();
  for (const [run] of lowered.matchAll(/[\u3400-\u9fff]+/g)) for (let n = 0; n < run.length - 1; n++) yield run.slice(n, n + 2);
  for (const [word] of lowered.matchAll(/[a-z]{3,}/g)) yield word;
}

export class Index {
  private weights = new Map<string, Map<string, number>>();
  private whole = new Map<string, string[]>();

  constructor(private readonly classes: Class[]) {
    for (const each of classes) {
      const parts: [string, number][] = [...(each.filing_zh ?? []).map((text): [string, number] => [text, CONDITION]), [each.description_zh, DESCRIPTION], ...each.keywords_zh.map((word): [string, number] => [word, KEYWORD]), [each.zh, NAME], [each.en, NAME]];
      for (const [text, weight] of parts) {
        for (const token of tokens(text)) {
          let held = this.weights.get(token);
          if (!held) this.weights.set(token, (held = new Map()));
          held.set(each.code, Math.max(weight, held.get(each.code) ?? 0));
        }
      }
      for (const word of new Set([...each.keywords_zh, each.zh, each.en])) {
        const key = word.toLowerCase();
        this.whole.set(key, [...(this.whole.get(key) ?? []), each.code]);
      }
    }
  }

  /** The best classes for `text`, best first, with their scores; empty when nothing matches. */
  suggest(text: string, limit = 5): { code: string; score: number }[] {
    const scores = new Map<string, number>();
    const add = (code: string, amount: number) => scores.set(code, (scores.get(code) ?? 0) + amount);
    const count = this.classes.length;
    for (const token of new Set(tokens(text))) {
      const held = this.weights.get(token);
      if (held) for (const [code, weight] of held) add(code, weight * Math.log(1 + count / held.size));
    }
    const lowered = text.toLowerCase();
    for (const [word, codes] of this.whole) {
      if (word && lowered.includes(word)) for (const code of codes) add(code, WHOLE * Math.log2(word.length) * Math.log(1 + count / codes.length));
    }
    return [...scores].map(([code, score]) => ({ code, score })).sort((a, b) => b.score - a.score || (a.code < b.code ? -1 : 1)).slice(0, limit);
  }
}
