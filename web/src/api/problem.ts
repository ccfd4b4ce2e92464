/** What the server said against it (RFC 9457), or that it could not be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly field: string | null = null,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(detail);
  }

  /** Messages by the name of the field they belong to. */
  get fields(): Record<string, string> {
    const found: Record<string, string> = {};
    const errors = this.extra.errors;
    if (Array.isArray(errors)) {
      for (const each of errors as { field?: string; detail?: string }[]) {
        if (each.field && each.detail) found[each.field] = each.detail;
      }
    }
    if (this.field && !found[this.field]) found[this.field] = this.detail;
    return found;
  }
}
