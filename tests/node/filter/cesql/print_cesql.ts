/** Prints trees of CESQL as text: with as few brackets as the precedence of CESQL 1.0 §3.6 allows, or with all of them. */

import type { CesqlExpression } from "../../../../node/filter/cesql/mod.ts";

/** How tightly the operators bind, loosest first, written down a second time from the specification. */
const LEVELS = [["AND", "OR", "XOR"], ["=", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"], ["IN"], ["LIKE"]];
const UNARY = LEVELS.length;
const PRIMARY = UNARY + 1;

/** The text of a tree; it must parse to that tree. String literals must not hold a backslash before a quote or at the end. */
export function printCesql(tree: CesqlExpression, brackets: "few" | "all"): string {
  const print = (expression: CesqlExpression, levelMin: number): string => {
    const text = printNode(expression, print);
    const bare = brackets === "few" ? levelOf(expression) >= levelMin : levelOf(expression) === PRIMARY;
    return bare ? text : `(${text})`;
  };
  return printNode(tree, print);
}

type Print = (expression: CesqlExpression, levelMin: number) => string;

function printNode(expression: CesqlExpression, print: Print): string {
  const level = levelOf(expression);
  switch (expression.type) {
    case "literal":
      return printLiteral(expression.value);
    case "attribute":
      return expression.name;
    case "exists":
      return `EXISTS ${expression.name}`;
    case "not":
      return `NOT ${print(expression.operand, UNARY)}`;
    case "negate": // the space keeps the sign from becoming part of an integer
      return `- ${print(expression.operand, UNARY)}`;
    case "logic":
    case "arithmetic":
    case "comparison": // what stands right of an operator of the same level needs brackets: they group from the left
      return `${print(expression.left, level)} ${expression.operator} ${print(expression.right, level + 1)}`;
    case "like":
      return `${print(expression.operand, level)} ${not(expression)}LIKE ${printLiteral(expression.pattern)}`;
    case "in":
      return `${print(expression.operand, level)} ${not(expression)}IN (${list(expression.set, print)})`;
    case "call":
      return `${expression.name}(${list(expression.parameters, print)})`;
    default:
      return expression satisfies never;
  }
}

function levelOf(expression: CesqlExpression): number {
  switch (expression.type) {
    case "logic":
    case "arithmetic":
    case "comparison":
      return LEVELS.findIndex((operators) => operators.includes(expression.operator));
    case "in":
    case "like":
      return LEVELS.findIndex(([operator]) => operator === expression.type.toUpperCase());
    case "not":
    case "negate":
      return UNARY;
    default:
      return PRIMARY;
  }
}

function printLiteral(value: string | number | boolean): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "\\'")}'` : String(value);
}

function not({ negated }: { readonly negated: boolean }): string {
  return negated ? "NOT " : "";
}

function list(expressions: readonly CesqlExpression[], print: Print): string {
  return expressions.map((expression) => print(expression, 0)).join(", ");
}
