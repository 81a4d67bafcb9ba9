/** Errors that a caller of the node may want to tell apart. Expected outcomes (duplicate, refused) are values, not errors. */

/** There is no room for the event now; it was not stored. Try again after `retryAfterMs`. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
  /**
   * `cap`: the configured `store.maxBytes` is reached; `disk`: the disk itself is full; `queue`: more is waiting to be
   * written than memory should hold.
   */
  readonly full: "cap" | "disk" | "queue";
  readonly retryAfterMs: number;

  constructor(message: string, details: { full: "cap" | "disk" | "queue"; retryAfterMs: number; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.full = details.full;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The store was closed; nothing was stored. */
export class StoreClosedError extends Error {
  override readonly name = "StoreClosedError";
}

/** The store cannot be written or read for a reason other than room. */
export class StoreFailedError extends Error {
  override readonly name = "StoreFailedError";
}

/** The store cannot be opened; the message says what to do. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
}

/**
 * A request that the node refuses, with what a door needs to say so: a stable code (the list is in the door), the
 * sentence for people, and where in the request the mistake is.
 */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: string;
  /** Fields that go beside the code: `path`, `position`, `limit`, `index` … */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, fields: Record<string, unknown> = {}, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.fields = fields;
  }
}
