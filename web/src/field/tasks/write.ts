/** Into the outbox; what went wrong on this device, in words, or nothing. */
import { t } from "../../i18n";
import { enqueue, NoRoom, type Write } from "../outbox";

export async function write(what: Write): Promise<string> {
  try {
    await enqueue(what);
    return "";
  } catch (error) {
    if (error instanceof NoRoom) return t("shellf.noRoom");
    throw error;
  }
}
