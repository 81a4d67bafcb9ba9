/** Function calls (CESQL 1.0 §3.5): parameters are cast, failures become errors beside a value. */

import type { Evaluate, Evaluation } from "./evaluation.ts";
import type { CallExpression } from "./expression.ts";
import { castMessage, type CesqlFunction, CesqlFunctionFailure, type FunctionTable } from "./functions.ts";
import { cast, type CesqlType, type CesqlValue, ZERO_VALUES } from "./value.ts";

export function compileCall(expression: CallExpression, parameters: Evaluate[], functions: FunctionTable): Evaluate {
  const { name, position } = expression;
  const found = functions.find(name, parameters.length);
  if (found === undefined) {
    const detail = `${name} with ${parameters.length} parameters`;
    return (_attributes, evaluation) => evaluation.fail(false, "missingFunction", position, missingMessage, detail);
  }
  const zero = ZERO_VALUES[found.returns];
  return (attributes, evaluation) => {
    const values: CesqlValue[] = [];
    for (let i = 0; i < parameters.length; i++) {
      const value = parameters[i](attributes, evaluation);
      if (evaluation.failed) return zero;
      const type = found.parameters[i] ?? found.rest!;
      values.push(castParameter(value, type, evaluation, position));
      if (evaluation.failed) return zero;
    }
    return run(found, values, evaluation, position);
  };
}

function castParameter(
  value: CesqlValue,
  type: CesqlType | "any",
  evaluation: Evaluation,
  position: number,
): CesqlValue {
  if (type === "any") return value;
  return cast(value, type) ??
    evaluation.fail(ZERO_VALUES[type], "cast", position, (v: CesqlValue) => castMessage(v, type), value);
}

function run(called: CesqlFunction, values: CesqlValue[], evaluation: Evaluation, position: number): CesqlValue {
  try {
    const result = called.run(...values);
    if (!(result instanceof CesqlFunctionFailure)) return result;
    return evaluation.fail(result.value, result.kind, position, (text: string) => text, result.message);
  } catch (error) {
    return evaluation.fail(ZERO_VALUES[called.returns], "functionEvaluation", position, thrownMessage, {
      name: called.name,
      error,
    });
  }
}

function missingMessage(what: string): string {
  return `Cannot call ${what}: there is no such function`;
}

function thrownMessage({ name, error }: { name: string; error: unknown }): string {
  return `Cannot evaluate ${name}: ${error instanceof Error ? error.message : String(error)}`;
}
