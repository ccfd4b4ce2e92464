/** Fixes of one account that wait for a network: in a database of their own, bounded. */
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";

export interface Waiting {
  id: string;
  at: string;
  lon: number;
  lat: number;
  accuracy: number | null;
  mock: boolean;
}

interface Own extends DBSchema {
  fixes: { key: number; value: Waiting };
}

/** About eight hours without a network at one fix in ten seconds; older ones make room. */
export const MOST = 3000;
const NAME = /^mengding-positions-(\d+)$/;

export class Queue {
  private constructor(private readonly db: IDBPDatabase<Own>) {}

  static async of(account: number): Promise<Queue> {
    return new Queue(await openDB<Own>(`mengding-positions-${account}`, 1, {
      upgrade: (db) => void db.createObjectStore("fixes", { autoIncrement: true }),
    }));
  }

  async add(fix: Waiting): Promise<number> {
    const tx = this.db.transaction("fixes", "readwrite");
    await tx.store.add(fix);
    let count = await tx.store.count();
    for (let cursor = await tx.store.openCursor(); cursor && count > MOST; cursor = await cursor.continue()) {
      await cursor.delete();
      count -= 1;
    }
    await tx.done;
    return count;
  }

  /** The oldest, with their keys. */
  async first(most: number): Promise<{ keys: number[]; fixes: Waiting[] }> {
    const tx = this.db.transaction("fixes");
    const [keys, fixes] = await Promise.all([tx.store.getAllKeys(undefined, most), tx.store.getAll(undefined, most)]);
    return { keys, fixes };
  }

  async remove(keys: number[]): Promise<void> {
    const tx = this.db.transaction("fixes", "readwrite");
    await Promise.all(keys.map((key) => tx.store.delete(key)));
    await tx.done;
  }

  count(): Promise<number> {
    return this.db.count("fixes");
  }

  close(): void {
    this.db.close();
  }
}

/** Nobody's positions stay on a device for somebody else: what other accounts left goes. */
export async function dropOthers(account: number | null): Promise<void> {
  for (const { name } of (await indexedDB.databases?.()) ?? []) {
    const owner = NAME.exec(name ?? "")?.[1];
    if (owner !== undefined && Number(owner) !== account && name) await deleteDB(name);
  }
}
