/** The syntax tree of a CESQL expression (CESQL 1.0 §2): plain data, safe to keep, compare and print. */

import type { CesqlValue } from "./value.ts";

export type LogicOperator = "AND" | "OR" | "XOR";
export type ArithmeticOperator = "*" | "/" | "%" | "+" | "-";
/** `<>` is read as `!=`. */
export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** A node of the tree. `position` is the 0-based character (UTF-16 code unit) at which its own token starts. */
export type CesqlExpression =
  | { readonly type: "literal"; readonly position: number; readonly value: CesqlValue }
  | { readonly type: "attribute"; readonly position: number; readonly name: string }
  | { readonly type: "exists"; readonly position: number; readonly name: string }
  | { readonly type: "not"; readonly position: number; readonly operand: CesqlExpression }
  | { readonly type: "negate"; readonly position: number; readonly operand: CesqlExpression }
  | BinaryExpression<"logic", LogicOperator>
  | BinaryExpression<"arithmetic", ArithmeticOperator>
  | BinaryExpression<"comparison", ComparisonOperator>
  | LikeExpression
  | InExpression
  | CallExpression;

export interface BinaryExpression<Type extends string, Operator extends string> {
  readonly type: Type;
  readonly position: number;
  readonly operator: Operator;
  readonly left: CesqlExpression;
  readonly right: CesqlExpression;
}

export type LogicExpression = BinaryExpression<"logic", LogicOperator>;
export type ArithmeticExpression = BinaryExpression<"arithmetic", ArithmeticOperator>;
export type ComparisonExpression = BinaryExpression<"comparison", ComparisonOperator>;

export interface LikeExpression {
  readonly type: "like";
  readonly position: number;
  readonly operand: CesqlExpression;
  readonly pattern: string;
  /** `NOT LIKE`. */
  readonly negated: boolean;
}

export interface InExpression {
  readonly type: "in";
  readonly position: number;
  readonly operand: CesqlExpression;
  /** At least one element. */
  readonly set: readonly CesqlExpression[];
  /** `NOT IN`. */
  readonly negated: boolean;
}

export interface CallExpression {
  readonly type: "call";
  readonly position: number;
  /** In upper case. */
  readonly name: string;
  readonly parameters: readonly CesqlExpression[];
}

/** The expressions directly below this one, left to right. */
export function childrenOf(expression: CesqlExpression): readonly CesqlExpression[] {
  switch (expression.type) {
    case "literal":
    case "attribute":
    case "exists":
      return [];
    case "not":
    case "negate":
    case "like":
      return [expression.operand];
    case "logic":
    case "arithmetic":
    case "comparison":
      return [expression.left, expression.right];
    case "in":
      return [expression.operand, ...expression.set];
    case "call":
      return expression.parameters;
    default:
      return expression satisfies never;
  }
}
