/** `=`, `!=`, `<`, `<=`, `>`, `>=` and `IN` (CESQL 1.0 §3.4.2, §3.4.5). */

import { castOrFail, evaluateInteger } from "./cast_operand.ts";
import type { Evaluate, Evaluation } from "./evaluation.ts";
import type { CesqlExpression, ComparisonExpression, InExpression } from "./expression.ts";
import { type CesqlValue, typeOf } from "./value.ts";

type Compile = (expression: CesqlExpression) => Evaluate;

export function compileComparison(expression: ComparisonExpression | InExpression, compile: Compile): Evaluate {
  if (expression.type === "in") return compileIn(expression, compile);
  const { left, right, operator, position } = expression;
  if (operator === "=" || operator === "!=") {
    const negated = operator === "!=";
    return right.type === "literal"
      ? compileEqualsLiteral(compile(left), right.value, { negated, position })
      : compileEquals(compile(left), compile(right), { negated, position });
  }
  return compileOrder(compile(left), compile(right), { operator, position });
}

interface Equality {
  readonly negated: boolean;
  readonly position: number;
}

/** The left operand is cast to the type of the right one (CESQL 1.0 §3.7). */
function compileEquals(left: Evaluate, right: Evaluate, { negated, position }: Equality): Evaluate {
  return (attributes, evaluation) => {
    const one = left(attributes, evaluation);
    if (evaluation.failed) return false;
    const other = right(attributes, evaluation);
    if (evaluation.failed) return false;
    const equal = areEqual(one, other, evaluation, position);
    return !evaluation.failed && equal !== negated;
  };
}

/** By far the most frequent comparison: one closure less, and no cast where the types are the same. */
function compileEqualsLiteral(left: Evaluate, literal: CesqlValue, { negated, position }: Equality): Evaluate {
  const type = typeof literal;
  return (attributes, evaluation) => {
    const one = left(attributes, evaluation);
    if (evaluation.failed) return false;
    // deno-lint-ignore valid-typeof -- the other side is what typeof said of the literal
    if (typeof one === type) return (one === literal) !== negated;
    const equal = areEqual(one, literal, evaluation, position);
    return !evaluation.failed && equal !== negated;
  };
}

function areEqual(one: CesqlValue, other: CesqlValue, evaluation: Evaluation, position: number): boolean {
  if (typeof one === typeof other) return one === other;
  return castOrFail(one, typeOf(other), evaluation, position) === other;
}

/** A set element is cast to the type of the operand. */
function compileIn({ operand, set, negated, position }: InExpression, compile: Compile): Evaluate {
  const left = compile(operand);
  const elements = set.map(compile);
  return (attributes, evaluation) => {
    const value = left(attributes, evaluation);
    if (evaluation.failed) return false;
    for (const element of elements) {
      const candidate = element(attributes, evaluation);
      if (evaluation.failed) return false;
      const equal = areEqual(candidate, value, evaluation, position);
      if (evaluation.failed) return false;
      if (equal) return !negated;
    }
    return negated;
  };
}

function compileOrder(
  left: Evaluate,
  right: Evaluate,
  { operator, position }: { operator: "<" | "<=" | ">" | ">="; position: number },
): Evaluate {
  const holds = ORDERS[operator];
  return (attributes, evaluation) => {
    const one = evaluateInteger(left, attributes, evaluation, position);
    if (evaluation.failed) return false;
    const other = evaluateInteger(right, attributes, evaluation, position);
    return !evaluation.failed && holds(one, other);
  };
}

const ORDERS: Readonly<Record<"<" | "<=" | ">" | ">=", (one: number, other: number) => boolean>> = {
  "<": (one, other) => one < other,
  "<=": (one, other) => one <= other,
  ">": (one, other) => one > other,
  ">=": (one, other) => one >= other,
};
