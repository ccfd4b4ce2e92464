/** A write that waits to be sent, as it lies in the account's database. */

/** waiting: its turn comes; sending; done; needs: the person has to look at it. */
export type State = "waiting" | "sending" | "done" | "needs";

/** What the server said against it. */
export interface Said {
  status: number; // 0: another account or post, quota and the like - not from the server
  code: string;
  detail: string;
  field: string | null;
  extra: Record<string, unknown>;
}

export interface Write {
  method?: "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below /api/v1, with its leading slash. `{<id of another write>.case_id}` stands for a part of
   * that write's answer; it then belongs into `depends` too. */
  path: string;
  /** JSON; strings in it may hold the same placeholders. */
  body?: unknown;
  /** What the person reads in the queue: "上报：路灯不亮". */
  title: string;
  /** SHA-256 of photos kept with `keepPhoto`; they are uploaded before this is sent. */
  photos?: string[];
  /** Ids of writes that must be done first. */
  depends?: string[];
  /** What it is about, for "not sent yet" marks: "case:12", "report:<draft id>". */
  about?: string;
  /** What to show meanwhile, in the noun's own shape; never sent. */
  shown?: Record<string, unknown>;
  /** Where a person edits it after a refusal: a path of the app. */
  edit?: string;
  /** For a conflict: the fields the person changed, to be sent again upon the newer version. */
  version?: number;
}

export interface Entry extends Write {
  id: string; // also its Idempotency-Key
  method: "POST" | "PUT" | "PATCH" | "DELETE";
  seq: number;
  account: number;
  post: number | null;
  state: State;
  made: number; // ms
  tries: number;
  next: number; // ms: not before
  first: number | null; // ms: first time it may have reached the server
  said: Said | null;
  answer: unknown;
  finished: number | null; // ms
}
