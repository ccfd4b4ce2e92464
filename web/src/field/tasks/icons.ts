/** The catalogue's icons by what they are called there. */
import { icons } from "../../ui/icons";

const OURS: Record<string, keyof typeof icons> = {
  login: "clock", home: "home", chat: "text", shield: "shield", hand: "people", key: "key", warning: "warning",
  heart: "heart", scale: "verify", flag: "pin", book: "book", megaphone: "quote",
};

export const iconOf = (name: string): keyof typeof icons => OURS[name] ?? "tasks";
