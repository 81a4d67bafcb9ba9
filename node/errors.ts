/** Errors that a caller of the node may want to tell apart. Expected outcomes (duplicate, refused) are values, not errors. */

/** There is no room for the event now; it was not stored. Try again after `retryAfterMs`. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
  /** `cap`: the configured `store.maxBytes` is reached; `disk`: the disk itself is full. */
  readonly full: "cap" | "disk";
  readonly retryAfterMs: number;

  constructor(message: string, details: { full: "cap" | "disk"; retryAfterMs: number; cause?: unknown }) {
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
