/** The area somebody works in, short: town and village, each once. */
export function placeOf(person: { town: string | null; area: string }): string {
  const area = person.area.replace(/(社区|村)(居委会|村委会|居民委员会|村民委员会)$/, "$1");
  return [person.town, area].filter((each, n, both) => each && both.indexOf(each) === n).join(" · ");
}
