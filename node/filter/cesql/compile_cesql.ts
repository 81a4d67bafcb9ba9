/** Compiles a CESQL tree to closures and evaluates it on the attributes of events. */

import type { CesqlError } from "./cesql_error.ts";
import { compileExpression } from "./compile_expression.ts";
import { Evaluation } from "./evaluation.ts";
import { type CesqlExpression, childrenOf } from "./expression.ts";
import { BUILT_IN_FUNCTIONS, type CesqlFunction, FunctionTable } from "./functions.ts";
import type { CesqlAttributes, CesqlValue } from "./value.ts";

export interface CesqlOptions {
  /** Functions beside the built-in ones. Default: none. */
  readonly functions?: readonly CesqlFunction[];
}

/** What an evaluation yields: always a value, and the error that occurred first. */
export interface CesqlResult {
  readonly value: CesqlValue;
  readonly error?: CesqlError;
}

/** A call that no function answers. */
export interface MissingFunction {
  readonly name: string;
  readonly parameterCount: number;
  readonly position: number;
}

/** An expression ready to be evaluated any number of times. */
export interface CompiledCesql {
  /** Calls in the text that no function answers; each fails with `missingFunction` when it is evaluated. */
  readonly missingFunctions: readonly MissingFunction[];
  /**
   * Value and error of the expression for these attributes. Never throws. Evaluation stops at the first error: the
   * operators above it yield the zero value of their type (fail-fast mode, CESQL 1.0 §4.1).
   */
  evaluate(attributes: CesqlAttributes): CesqlResult;
  /** Whether the value is the Boolean `true` and no error occurred: the expression as a filter. Allocates nothing. */
  matches(attributes: CesqlAttributes): boolean;
}

/**
 * Compiles an expression. No code is generated from text, so it also runs where `eval` is forbidden.
 *
 * @throws {RangeError} for a LIKE pattern that is too long; trees that `parseCesql` gives have none.
 * @throws {TypeError} for functions that cannot be added.
 *
 * @example
 * const compiled = compileCesql(parseCesql("amount > 100"));
 * compiled.matches({ amount: 120 }); // true
 * compiled.evaluate({}); // { value: false, error: { kind: "missingAttribute", position: 0, message: … } }
 */
export function compileCesql(expression: CesqlExpression, options: CesqlOptions = {}): CompiledCesql {
  const added = options.functions ?? [];
  const functions = added.length === 0 ? builtIns : new FunctionTable([...BUILT_IN_FUNCTIONS, ...added]);
  const run = compileExpression(expression, functions);
  return {
    missingFunctions: findMissingFunctions(expression, functions),
    evaluate(attributes) {
      const evaluation = new Evaluation(true);
      const value = run(attributes, evaluation);
      return evaluation.error === undefined ? { value } : { value, error: evaluation.error };
    },
    matches(attributes) {
      const outer = sharedEvaluation.failed;
      sharedEvaluation.failed = false;
      const isMatch = run(attributes, sharedEvaluation) === true && !sharedEvaluation.failed;
      sharedEvaluation.failed = outer; // an added function may evaluate an expression itself
      return isMatch;
    },
  };
}

const builtIns = new FunctionTable(BUILT_IN_FUNCTIONS);
const sharedEvaluation = new Evaluation(false);

function findMissingFunctions(expression: CesqlExpression, functions: FunctionTable): readonly MissingFunction[] {
  const below = childrenOf(expression).flatMap((child) => findMissingFunctions(child, functions));
  if (expression.type !== "call") return below;
  const { name, position, parameters } = expression;
  if (functions.find(name, parameters.length) !== undefined) return below;
  return [{ name, position, parameterCount: parameters.length }, ...below];
}
