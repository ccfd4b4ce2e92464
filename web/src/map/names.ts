/** A division's name as a label has it: 社区居委会 and 村村委会 say the same on every one. */
export function short(name: string): string {
  return name.replace(/(社区|村)(居委会|村委会|居民委员会|村民委员会)$/, "$1");
}
