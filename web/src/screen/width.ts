/** Roughly how wide a text is, in Chinese characters. */
export function width(text: string): number {
  return [...text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 0x2000 ? 1 : 0.56), 0);
}
