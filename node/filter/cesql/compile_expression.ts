/** One closure for each node of a CESQL tree (operators of CESQL 1.0 §3.4). */

import { booleanMessage, evaluateBoolean, evaluateInteger } from "./cast_operand.ts";
import { compileCall } from "./compile_call.ts";
import { compileComparison } from "./compile_comparison.ts";
import type { Evaluate, Evaluation } from "./evaluation.ts";
import type { ArithmeticExpression, CesqlExpression, LikeExpression, LogicExpression } from "./expression.ts";
import type { FunctionTable } from "./functions.ts";
import { compileLikePattern } from "./like_pattern.ts";
import { INTEGER_MAX, INTEGER_MIN, readAttribute, toBoolean, toText } from "./value.ts";

/** The closure of a tree. Throws `RangeError` for a LIKE pattern that is too long, which the parser refuses. */
export function compileExpression(expression: CesqlExpression, functions: FunctionTable): Evaluate {
  const compile = (child: CesqlExpression) => compileExpression(child, functions);
  switch (expression.type) {
    case "literal":
      return () => expression.value;
    case "attribute":
      return compileAttribute(expression.name, expression.position);
    case "exists":
      return (attributes) => readAttribute(attributes, expression.name) !== undefined;
    case "not":
      return compileNot(compile(expression.operand), expression.position);
    case "negate":
      return compileNegate(compile(expression.operand), expression.position);
    case "logic":
      return compileLogic(expression, compile(expression.left), compile(expression.right));
    case "arithmetic":
      return compileArithmetic(expression, compile(expression.left), compile(expression.right));
    case "comparison":
    case "in":
      return compileComparison(expression, compile);
    case "like":
      return compileLike(expression, compile(expression.operand));
    case "call":
      return compileCall(expression, expression.parameters.map(compile), functions);
    default:
      return expression satisfies never;
  }
}

function compileAttribute(name: string, position: number): Evaluate {
  return (attributes, evaluation) => {
    const value = readAttribute(attributes, name);
    // Of no known type, hence the zero value of Boolean (CESQL 1.0 §3.2).
    return value === undefined ? evaluation.fail(false, "missingAttribute", position, missingMessage, name) : value;
  };
}

function missingMessage(name: string): string {
  return `Cannot read attribute "${name}": the event has none of that name`;
}

/** An operand that cannot be cast counts as `false`. The conformance kit counts Integers among those, but for this operator only. */
function compileNot(operand: Evaluate, position: number): Evaluate {
  return (attributes, evaluation) => {
    const value = operand(attributes, evaluation);
    if (evaluation.failed) return false;
    const fact = typeof value === "number" ? undefined : toBoolean(value);
    return fact === undefined ? evaluation.fail(true, "cast", position, booleanMessage, value) : !fact;
  };
}

function compileNegate(operand: Evaluate, position: number): Evaluate {
  return (attributes, evaluation) => {
    const value = evaluateInteger(operand, attributes, evaluation, position);
    return evaluation.failed ? 0 : fitInteger(0 - value, evaluation, position);
  };
}

function compileLogic({ operator, position }: LogicExpression, left: Evaluate, right: Evaluate): Evaluate {
  switch (operator) {
    case "AND":
      return (attributes, evaluation) =>
        evaluateBoolean(left, attributes, evaluation, position) &&
        evaluateBoolean(right, attributes, evaluation, position);
    case "OR":
      return (attributes, evaluation) => {
        if (evaluateBoolean(left, attributes, evaluation, position)) return true;
        return evaluation.failed ? false : evaluateBoolean(right, attributes, evaluation, position);
      };
    case "XOR":
      return (attributes, evaluation) => {
        const one = evaluateBoolean(left, attributes, evaluation, position);
        if (evaluation.failed) return false;
        const other = evaluateBoolean(right, attributes, evaluation, position);
        return !evaluation.failed && one !== other;
      };
    default:
      return operator satisfies never;
  }
}

function compileArithmetic(expression: ArithmeticExpression, left: Evaluate, right: Evaluate): Evaluate {
  const { position, operator } = expression;
  return (attributes, evaluation) => {
    const one = evaluateInteger(left, attributes, evaluation, position);
    if (evaluation.failed) return 0;
    const other = evaluateInteger(right, attributes, evaluation, position);
    if (evaluation.failed) return 0;
    if (other === 0 && (operator === "/" || operator === "%")) {
      return evaluation.fail(0, "math", position, divisionMessage, one);
    }
    return fitInteger(calculate(operator, one, other), evaluation, position);
  };
}

/** Exact before it is fitted, except for products above 2⁵³, which do not fit anyway. */
function calculate(operator: ArithmeticExpression["operator"], left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return Math.trunc(left / right);
    case "%":
      return left % right;
    default:
      return operator satisfies never;
  }
}

/** The specification is silent on overflow outside ABS, so that is the model: an error, never a wrapped number. */
function fitInteger(value: number, evaluation: Evaluation, position: number): number {
  if (value >= INTEGER_MIN && value <= INTEGER_MAX) return value | 0;
  return evaluation.fail(0, "math", position, overflowMessage, value);
}

function compileLike(expression: LikeExpression, operand: Evaluate): Evaluate {
  const isMatch = compileLikePattern(expression.pattern);
  const { negated } = expression;
  return (attributes, evaluation) => {
    const value = operand(attributes, evaluation);
    return !evaluation.failed && isMatch(toText(value)) !== negated;
  };
}

function divisionMessage(dividend: number): string {
  return `Cannot divide ${dividend} by 0: there is no such value`;
}

function overflowMessage(value: number): string {
  return `Cannot calculate ${value}: it does not fit in 32 bits`;
}
