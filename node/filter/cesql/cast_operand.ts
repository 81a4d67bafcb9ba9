/** Operands as the type that an operator or a function takes: the implicit casts of CESQL 1.0 §3.7. */

import type { Evaluate, Evaluation } from "./evaluation.ts";
import {
  cast,
  type CesqlAttributes,
  type CesqlType,
  type CesqlValue,
  toBoolean,
  toInteger,
  typeOf,
  ZERO_VALUES,
} from "./value.ts";

/** The operand as a Boolean; `false` where it failed. */
export function evaluateBoolean(
  operand: Evaluate,
  attributes: CesqlAttributes,
  evaluation: Evaluation,
  position: number,
): boolean {
  const value = operand(attributes, evaluation);
  if (evaluation.failed) return false;
  if (typeof value === "boolean") return value;
  return toBoolean(value) ?? evaluation.fail(false, "cast", position, booleanMessage, value);
}

/** The operand as an Integer; 0 where it failed. */
export function evaluateInteger(
  operand: Evaluate,
  attributes: CesqlAttributes,
  evaluation: Evaluation,
  position: number,
): number {
  const value = operand(attributes, evaluation);
  if (evaluation.failed) return 0;
  if (typeof value === "number") return value;
  return toInteger(value) ?? evaluation.fail(0, "cast", position, integerMessage, value);
}

/** The value as that type; the zero value of the type, and an error, if it cannot be cast. */
export function castOrFail(
  value: CesqlValue,
  type: CesqlType,
  evaluation: Evaluation,
  position: number,
): CesqlValue {
  return cast(value, type) ?? evaluation.fail(ZERO_VALUES[type], "cast", position, MESSAGES[type], value);
}

/** What a failed cast says. */
export function castMessage(value: CesqlValue, type: CesqlType): string {
  const shown = typeof value === "string" && value.length > 40 ? `${value.slice(0, 40)}…` : value;
  return `Cannot cast ${typeOf(value)} "${shown}" to ${type}: it has no such value`;
}

export function booleanMessage(value: CesqlValue): string {
  return castMessage(value, "boolean");
}

function integerMessage(value: CesqlValue): string {
  return castMessage(value, "integer");
}

const MESSAGES: Readonly<Record<CesqlType, (value: CesqlValue) => string>> = {
  string: (value) => castMessage(value, "string"), // never asked: every value has a String form
  integer: integerMessage,
  boolean: booleanMessage,
};
