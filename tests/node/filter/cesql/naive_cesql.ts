/** CESQL in the plainest way: walks the tree, throws at the first error. What the compiled form is compared with. */

import type { CesqlAttributes, CesqlExpression, CesqlType, CesqlValue } from "../../../../node/filter/cesql/mod.ts";

export interface NaiveResult {
  readonly value: CesqlValue;
  readonly error?: string;
}

/** Value and kind of the first error; an operator above that error yields the zero value of its type. */
export function evaluateNaively(tree: CesqlExpression, attributes: CesqlAttributes): NaiveResult {
  try {
    return { value: evaluate(tree, attributes) };
  } catch (error) {
    if (!(error instanceof NaiveError)) throw error;
    return { value: error.at === tree ? error.value : ZEROS[typeOfTree(tree)], error: error.kind };
  }
}

/** Whether the text fits a LIKE pattern, by trying every length of every `%`. */
export function isLikeNaively(text: string, pattern: string): boolean {
  const fits = (characters: readonly string[], tokens: readonly string[]): boolean => {
    const [token, ...rest] = tokens;
    if (token === undefined) return characters.length === 0;
    if (token === "%") return fits(characters, rest) || (characters.length > 0 && fits(characters.slice(1), tokens));
    const [character, ...others] = characters;
    return character !== undefined && (token === "_" || token.replace(/^\\([%_])$/u, "$1") === character) &&
      fits(others, rest);
  };
  return fits(Array.from(text), pattern.match(/\\[%_]|[^]/gu) ?? []);
}

class NaiveError extends Error {
  readonly kind: string;
  readonly value: CesqlValue;
  readonly at: CesqlExpression;

  constructor(kind: string, value: CesqlValue, at: CesqlExpression) {
    super(kind);
    this.kind = kind;
    this.value = value;
    this.at = at;
  }
}

const ZEROS = { string: "", integer: 0, boolean: false } as const;

const INTEGER_FUNCTIONS = ["INT", "ABS", "LENGTH"];
const STRING_FUNCTIONS = ["STRING", "CONCAT", "CONCAT_WS", "LOWER", "UPPER", "LEFT", "RIGHT", "SUBSTRING"];

function typeOfTree(tree: CesqlExpression): CesqlType {
  if (tree.type === "negate" || tree.type === "arithmetic") return "integer";
  if (tree.type !== "call") return "boolean";
  if (INTEGER_FUNCTIONS.includes(tree.name)) return "integer";
  return STRING_FUNCTIONS.includes(tree.name) ? "string" : "boolean";
}

function evaluate(tree: CesqlExpression, attributes: CesqlAttributes): CesqlValue {
  const fail = (kind: string, value: CesqlValue = ZEROS[typeOfTree(tree)]): never => {
    throw new NaiveError(kind, value, tree);
  };
  const as = <Type extends CesqlType>(value: CesqlValue, type: Type) => castNaively(value, type) ?? fail("cast");
  const integer = (child: CesqlExpression) => as(evaluate(child, attributes), "integer") as number;
  const fact = (child: CesqlExpression) => as(evaluate(child, attributes), "boolean") as boolean;
  const fit = (value: bigint) => BigInt.asIntN(32, value) === value ? Number(value) : fail("math");
  switch (tree.type) {
    case "literal":
      return tree.value;
    case "attribute":
      return Object.hasOwn(attributes, tree.name) ? attributes[tree.name] : fail("missingAttribute");
    case "exists":
      return Object.hasOwn(attributes, tree.name);
    case "not": {
      const value = evaluate(tree.operand, attributes);
      return typeof value === "number" ? fail("cast", true) : !(castNaively(value, "boolean") ?? fail("cast", true));
    }
    case "negate":
      return fit(-BigInt(integer(tree.operand)));
    case "logic": {
      const left = fact(tree.left);
      if (tree.operator === "AND") return left ? fact(tree.right) : false;
      if (tree.operator === "OR") return left ? true : fact(tree.right);
      return left !== fact(tree.right);
    }
    case "arithmetic": {
      const [left, right] = [integer(tree.left), integer(tree.right)].map(BigInt);
      if (tree.operator === "+") return fit(left + right);
      if (tree.operator === "-") return fit(left - right);
      if (tree.operator === "*") return fit(left * right);
      if (right === 0n) return fail("math");
      return fit(tree.operator === "/" ? left / right : left % right);
    }
    case "comparison": {
      if (tree.operator === "=" || tree.operator === "!=") {
        const [left, right] = [evaluate(tree.left, attributes), evaluate(tree.right, attributes)];
        return (as(left, typeOfValue(right)) === right) === (tree.operator === "=");
      }
      const [left, right] = [integer(tree.left), integer(tree.right)];
      const order = Math.sign(left - right);
      return { "<": [-1], "<=": [-1, 0], ">": [1], ">=": [0, 1] }[tree.operator].includes(order);
    }
    case "like":
      return isLikeNaively(String(evaluate(tree.operand, attributes)), tree.pattern) !== tree.negated;
    case "in": {
      const value = evaluate(tree.operand, attributes);
      const found = tree.set.some((element) => as(evaluate(element, attributes), typeOfValue(value)) === value);
      return found !== tree.negated;
    }
    case "call": {
      const values = tree.parameters.map((parameter, index) => {
        const value = evaluate(parameter, attributes);
        const type = parameterType(tree.name, index);
        return type === undefined ? value : as(value, type);
      });
      return call(tree.name, values, fail);
    }
  }
}

function typeOfValue(value: CesqlValue): CesqlType {
  return ({ number: "integer", string: "string", boolean: "boolean" } as Record<string, CesqlType>)[typeof value];
}

function castNaively(value: CesqlValue, type: CesqlType): CesqlValue | undefined {
  if (type === "string") return String(value);
  if (type === "boolean") {
    if (typeof value === "number") return value !== 0;
    return { true: true, false: false }[String(value).toLowerCase()];
  }
  if (typeof value !== "string") return Number(value);
  if (!/^[+-]?[0-9]+$/.test(value)) return undefined;
  const number = BigInt(value.replace(/^[+]/, ""));
  return BigInt.asIntN(32, number) === number ? Number(number) : undefined;
}

/** `undefined`: taken as it is. */
function parameterType(name: string, index: number): CesqlType | undefined {
  if (["INT", "BOOL", "STRING", "IS_INT", "IS_BOOL"].includes(name)) return undefined;
  if (name === "ABS") return "integer";
  return index > 0 && ["LEFT", "RIGHT", "SUBSTRING"].includes(name) ? "integer" : "string";
}

type Fail = (kind: string, value?: CesqlValue) => never;

function call(name: string, values: readonly CesqlValue[], fail: Fail): CesqlValue {
  const [first, second] = values;
  const characters = Array.from(String(first));
  switch (`${name}/${name.startsWith("CONCAT") ? "n" : values.length}`) {
    case "INT/1":
      return castNaively(first, "integer") ?? fail("cast");
    case "BOOL/1":
      return castNaively(first, "boolean") ?? fail("cast");
    case "STRING/1":
      return String(first);
    case "IS_INT/1":
      return castNaively(first, "integer") !== undefined;
    case "IS_BOOL/1":
      return castNaively(first, "boolean") !== undefined;
    case "ABS/1":
      return first === -(2 ** 31) ? fail("math", 2 ** 31 - 1) : Math.abs(first as number);
    case "LENGTH/1":
      return characters.length;
    case "CONCAT/n":
      return values.join("");
    case "LOWER/1":
      return String(first).toLowerCase();
    case "UPPER/1":
      return String(first).toUpperCase();
    case "LEFT/2":
      return Number(second) < 0 ? fail("functionEvaluation", first) : characters.slice(0, Number(second)).join("");
    case "RIGHT/2": {
      if (Number(second) < 0) return fail("functionEvaluation", first);
      return Number(second) === 0 ? "" : characters.slice(-Number(second)).join("");
    }
    case "SUBSTRING/2": {
      const from = Number(second);
      if (Math.abs(from) > characters.length) return fail("functionEvaluation");
      return from === 0 ? "" : characters.slice(from > 0 ? from - 1 : from).join("");
    }
    default:
      return fail("missingFunction", false);
  }
}
