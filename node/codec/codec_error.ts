/** What a codec says about bytes that are no valid CloudEvent. */

/**
 * Stable codes of the codec; doors put them into problem documents. `UNSUPPORTED_MEDIA_TYPE` is a 415, `BATCH_TOO_LARGE`
 * a 413, everything else a 400.
 */
export type CodecErrorCode =
  | "INVALID_EVENT"
  | "MISSING_ATTRIBUTE"
  | "INVALID_ATTRIBUTE"
  | "REPEATED_HEADER"
  | "MALFORMED_JSON"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "UNSUPPORTED_SPECVERSION"
  | "INVALID_DATA"
  | "BATCH_TOO_LARGE";

export interface CodecErrorPlace {
  /** The attribute that is wrong, without `ce-`. */
  readonly attribute?: string;
  /** 0-based character offset in the JSON text. */
  readonly position?: number;
  /** 0-based place of the event in its batch. */
  readonly index?: number;
  /** The limit that was passed (`BATCH_TOO_LARGE`). */
  readonly limit?: number;
  /** Every event of a batch that is wrong, this first error included; each has its `index`. */
  readonly errors?: readonly CodecError[];
}

/** The one error a codec throws for what it was given; anything else is a defect. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code: CodecErrorCode;
  /** What, which value, why, and what to do; the same text as `message`. */
  readonly detail: string;
  readonly attribute: string | undefined;
  readonly position: number | undefined;
  readonly index: number | undefined;
  readonly limit: number | undefined;
  readonly errors: readonly CodecError[] | undefined;

  constructor(code: CodecErrorCode, detail: string, place: CodecErrorPlace = {}) {
    super(detail);
    this.code = code;
    this.detail = detail;
    this.attribute = place.attribute;
    this.position = place.position;
    this.index = place.index;
    this.limit = place.limit;
    this.errors = place.errors;
  }

  /** The same error, said of the event at `index` of a batch. */
  at(index: number): CodecError {
    const { attribute, position, limit } = this;
    return new CodecError(this.code, this.detail, { attribute, position, limit, index });
  }
}

// Long enough to recognise a value, short enough for a log line.
const quotedCharsMax = 64;

/** A value as error messages show it: in double quotes, escaped, shortened. */
export function quote(value: string): string {
  return JSON.stringify(value.length > quotedCharsMax ? `${value.slice(0, quotedCharsMax - 1)}…` : value);
}
