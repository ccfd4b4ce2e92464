/** Strips of links that scroll sideways on a phone: what is chosen must be in view. */
import { nextTick, type Ref, watch } from "vue";

/** Keeps `.here` of a strip in its middle whenever `at` changes, and at first. */
export function keepHere(strip: Ref<HTMLElement | undefined>, at: () => unknown): void {
  watch([strip, at], async () => {
    await nextTick();
    const here = strip.value?.querySelector<HTMLElement>(".here");
    if (!strip.value || !here) return;
    const [outer, inner] = [strip.value.getBoundingClientRect(), here.getBoundingClientRect()];
    strip.value.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }, { flush: "post" });
}
