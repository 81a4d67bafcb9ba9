/** Function calls (CESQL 1.0 §3.5): parameters are cast, failures become errors beside a value. */

import { castOrFail } from "./cast_operand.ts";
import type { Evaluate, Evaluation } from "./evaluation.ts";
import type { CallExpression } from "./expression.ts";
import { type CesqlFunction, CesqlFunctionFailure, type FunctionTable } from "./functions.ts";
import { type CesqlType, type CesqlValue, INTEGER_MAX, INTEGER_MIN, ZERO_VALUES } from "./value.ts";

export function compileCall(expression: CallExpression, parameters: Evaluate[], functions: FunctionTable): Evaluate {
  const { name, position } = expression;
  const found = functions.find(name, parameters.length);
  if (found === undefined) {
    const detail = `${name} with ${parameters.length} parameters`;
    return (_attributes, evaluation) => evaluation.fail(false, "missingFunction", position, missingMessage, detail);
  }
  const zero = ZERO_VALUES[found.returns];
  const types = parameters.map((_, index) => found.parameters[index] ?? found.rest!);
  return (attributes, evaluation) => {
    const values: CesqlValue[] = [];
    for (let index = 0; index < parameters.length; index++) {
      const value = parameters[index](attributes, evaluation);
      if (evaluation.failed) return zero;
      const type = types[index];
      values.push(type === "any" ? value : castOrFail(value, type, evaluation, position));
      if (evaluation.failed) return zero;
    }
    return run(found, values, evaluation, position);
  };
}

/** An added function may throw, or return what is no value of its type: neither leaves the evaluation (§3.5.3). */
function run(called: CesqlFunction, values: CesqlValue[], evaluation: Evaluation, position: number): CesqlValue {
  const { name, returns } = called;
  let result: CesqlValue | CesqlFunctionFailure;
  try {
    result = called.run(...values);
  } catch (error) {
    return evaluation.fail(ZERO_VALUES[returns], "functionEvaluation", position, thrownMessage, { name, error });
  }
  if (result instanceof CesqlFunctionFailure) {
    const value = isOfType(result.value, returns) ? result.value : ZERO_VALUES[returns];
    return evaluation.fail(value, result.kind, position, failureMessage, result);
  }
  if (isOfType(result, returns)) return result;
  return evaluation.fail(ZERO_VALUES[returns], "functionEvaluation", position, wrongTypeMessage, called);
}

function isOfType(value: unknown, type: CesqlType): boolean {
  if (typeof value === "number") {
    return type === "integer" && Number.isInteger(value) && value >= INTEGER_MIN && value <= INTEGER_MAX;
  }
  return (typeof value === "string" && type === "string") || (typeof value === "boolean" && type === "boolean");
}

function missingMessage(what: string): string {
  return `Cannot call ${what}: there is no such function`;
}

function failureMessage({ message }: CesqlFunctionFailure): string {
  return message;
}

function thrownMessage({ name, error }: { name: string; error: unknown }): string {
  return `Cannot evaluate ${name}: ${error instanceof Error ? error.message : String(error)}`;
}

function wrongTypeMessage({ name, returns }: CesqlFunction): string {
  return `Cannot evaluate ${name}: its result is no ${returns}`;
}
