/** The classes of the catalogue as they lie on this device, and which ones this worker uses. */
import { shallowRef } from "vue";

import { language } from "../../i18n";
import { me } from "../account/session";
import { cached, lying } from "../data";
import { storeOf } from "../store/db";
import { type Class, Index } from "./suggest";

export const PATH = "/catalogue/classes";
export const classes = shallowRef<Class[]>([]);
export const recent = shallowRef<string[]>([]);
let index = new Index([]);
const MOST_RECENT = 8;

/** Read them: what lies here at once, the server's when it answers. */
export async function loadClasses(): Promise<void> {
  const take = (found: { items: Class[] }) => {
    classes.value = found.items.filter((each) => !each.confidential);
    index = new Index(classes.value);
  };
  const old = await lying<{ items: Class[] }>(PATH);
  if (old) take(old.data);
  if (me.value) recent.value = ((await (await storeOf(me.value.account_id)).get("notes", "classes"))?.value as string[] | undefined) ?? [];
  try {
    take((await cached<{ items: Class[] }>(PATH)).data);
  } catch {
    // Never read here before and no network: the desk chooses the class.
  }
}

export function suggested(text: string): string[] {
  return index.suggest(text, 4).map((each) => each.code);
}

export function className(code: string): string {
  const found = classes.value.find((each) => each.code === code);
  return found ? (language.value === "zh" ? found.zh : found.en) : code;
}

/** The last used come first. */
export async function used(code: string): Promise<void> {
  if (!code || !me.value) return;
  recent.value = [code, ...recent.value.filter((each) => each !== code)].slice(0, MOST_RECENT);
  const store = await storeOf(me.value.account_id);
  await store.put("notes", { key: "classes", value: [...recent.value] }).catch(() => undefined); // full: known until the app is closed
}
