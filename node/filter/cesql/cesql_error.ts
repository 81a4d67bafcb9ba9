/** What can go wrong in CESQL: a text that does not parse throws; an evaluation never does, it reports. */

/** The error types of CESQL 1.0 §3.3, spelled as in its conformance kit. */
export type CesqlErrorKind =
  | "parse"
  | "math"
  | "cast"
  | "missingAttribute"
  | "missingFunction"
  | "functionEvaluation"
  | "generic";

/** An error of one evaluation, returned beside the value. */
export interface CesqlError {
  readonly kind: CesqlErrorKind;
  /** For people: what happened, with the value. */
  readonly message: string;
  /** 0-based character of the expression at which it happened. */
  readonly position: number;
}

/** The text is no CESQL expression. */
export class CesqlSyntaxError extends Error {
  override readonly name = "CesqlSyntaxError";
  readonly kind: CesqlErrorKind = "parse";
  /** The whole text that was parsed. */
  readonly expression: string;
  /** 0-based character (UTF-16 code unit) of the mistake; the length of the text when it ends too early. */
  readonly position: number;
  /** What is wrong and what to do, without the expression. */
  readonly reason: string;

  constructor(details: { expression: string; position: number; reason: string }) {
    super(`Cannot parse "${abbreviate(details.expression)}" at position ${details.position}: ${details.reason}`);
    this.expression = details.expression;
    this.position = details.position;
    this.reason = details.reason;
  }
}

const QUOTED_CHARACTERS_MAX = 120; // keeps a message on one screen line or two

function abbreviate(text: string): string {
  return text.length <= QUOTED_CHARACTERS_MAX ? text : `${text.slice(0, QUOTED_CHARACTERS_MAX)}…`;
}
