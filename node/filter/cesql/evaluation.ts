/** What one evaluation carries along: its first error. */

import type { CesqlError, CesqlErrorKind } from "./cesql_error.ts";
import type { CesqlAttributes, CesqlValue } from "./value.ts";

/**
 * A compiled expression. On an error it calls `evaluation.fail` and returns the value that stands in; whoever gets a
 * value looks at `evaluation.failed` before using it (fail-fast mode, CESQL 1.0 §4.1).
 */
export type Evaluate = (attributes: CesqlAttributes, evaluation: Evaluation) => CesqlValue;

export class Evaluation {
  failed = false;
  error: CesqlError | undefined;
  /** Whether `error` is wanted; a filter only asks whether there was one. */
  readonly #isRecording: boolean;

  constructor(isRecording: boolean) {
    this.#isRecording = isRecording;
  }

  /** Notes an error and returns `value`. `describe` makes the message from `detail`, if one is wanted. */
  fail<Value extends CesqlValue, Detail>(
    value: Value,
    kind: CesqlErrorKind,
    position: number,
    describe: (detail: Detail) => string,
    detail: Detail,
  ): Value {
    this.failed = true;
    if (this.#isRecording) this.error ??= { kind, position, message: describe(detail) };
    return value;
  }
}
