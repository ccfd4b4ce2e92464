/**
 * Rows of one height in a box that scrolls, however many there are.
 *
 * A browser cannot make an element higher than some 17 million pixels. Beyond `HIGHEST` the box is
 * shorter than its rows: the scroll bar then moves in proportion, while the wheel, the finger and
 * the keys still move by what they say.
 */
import { computed, onBeforeUnmount, onMounted, ref, watch, type Ref } from "vue";

const HIGHEST = 8_000_000; // px
const SPARE = 8; // rows drawn above and below what is seen
const SETTLED = 160; // ms

export function useScroller(box: Ref<HTMLElement | undefined>, count: Ref<number>, height: Ref<number>, head: Ref<number>) {
  const top = ref(0); // px from the first row, in the rows' own measure
  const bar = ref(0); // px, as the box has it
  const room = ref(600);
  const whole = computed(() => count.value * height.value);
  const high = computed(() => Math.min(whole.value, HIGHEST));
  const view = computed(() => Math.max(0, room.value - head.value));
  let expected = -1;
  let timer = 0;

  const clamp = (value: number) => Math.max(0, Math.min(value, whole.value - view.value));
  const barOf = (place: number) => {
    const [far, short] = [whole.value - view.value, high.value - view.value];
    return far <= 0 || whole.value === high.value ? place : (place / far) * short;
  };
  const placeOf = (at: number) => {
    const [far, short] = [whole.value - view.value, high.value - view.value];
    return short <= 0 || whole.value === high.value ? at : (at / short) * far;
  };

  function onScroll(): void {
    const element = box.value;
    if (!element) return;
    const at = element.scrollTop;
    if (Math.abs(at - expected) < 2) { // our own doing
      [expected, bar.value] = [-1, at];
      return;
    }
    const by = at - bar.value;
    const far = whole.value > high.value && Math.abs(by) < view.value * 1.5 && at > 0;
    top.value = clamp(far ? top.value + by : placeOf(at));
    bar.value = at;
    window.clearTimeout(timer);
    if (whole.value > high.value) timer = window.setTimeout(settle, SETTLED);
  }

  /** Put the bar where the rows are, once nobody moves it. */
  function settle(): void {
    const element = box.value;
    if (!element) return;
    const at = Math.round(barOf(top.value));
    if (Math.abs(element.scrollTop - at) < 1) return;
    expected = at;
    element.scrollTop = at;
    bar.value = element.scrollTop;
    expected = element.scrollTop;
  }

  function go(place: number): void {
    top.value = clamp(place);
    settle();
  }

  /** Bring a row into view, moving as little as possible. */
  function show(index: number): void {
    const [from, to] = [index * height.value, (index + 1) * height.value];
    if (from < top.value) go(from);
    else if (to > top.value + view.value) go(to - view.value);
  }

  const seen = computed<[number, number]>(() => [
    Math.floor(top.value / height.value),
    Math.min(count.value, Math.ceil((top.value + view.value) / height.value)),
  ]);
  const drawn = computed(() => {
    const [first, last] = [Math.max(0, seen.value[0] - SPARE), Math.min(count.value, seen.value[1] + SPARE)];
    return Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  });
  /** Where a row stands in the box, px. */
  const offset = (index: number) => index * height.value - top.value + bar.value;

  let watcher: ResizeObserver | undefined;
  onMounted(() => {
    watcher = new ResizeObserver(() => (room.value = box.value?.clientHeight ?? 600));
    watch(box, (element, before) => {
      if (before) watcher?.unobserve(before);
      if (element) watcher?.observe(element);
    }, { immediate: true });
  });
  onBeforeUnmount(() => {
    watcher?.disconnect();
    window.clearTimeout(timer);
  });
  watch([whole, view], () => go(top.value));
  return { top, high, seen, drawn, offset, onScroll, show, go };
}
