/** The functions that every CESQL engine has (CESQL 1.0 §3.5), and the shape of those that a program adds. */

import { castMessage } from "./cast_operand.ts";
import type { CesqlErrorKind } from "./cesql_error.ts";
import { INTEGER_MAX, INTEGER_MIN, toBoolean, toInteger, toText, ZERO_VALUES } from "./value.ts";
import type { CesqlType, CesqlValue } from "./value.ts";

/** A function of CESQL. Its name and number of parameters tell it from others; parameters are cast before it runs. */
export interface CesqlFunction {
  /** Upper-case letters and underscores. */
  readonly name: string;
  /** Types of the fixed parameters; `any` takes a value as it is. */
  readonly parameters: readonly (CesqlType | "any")[];
  /** Type of any number of further parameters. Without: there are none. */
  readonly rest?: CesqlType | "any";
  readonly returns: CesqlType;
  /** Computes a value of type `returns`, without side effects. What it throws becomes a `functionEvaluation` error. */
  run(...parameters: CesqlValue[]): CesqlValue | CesqlFunctionFailure;
}

/** A value that comes with an error. */
export class CesqlFunctionFailure {
  readonly value: CesqlValue;
  readonly kind: CesqlErrorKind;
  readonly message: string;

  constructor(value: CesqlValue, message: string, kind: CesqlErrorKind = "functionEvaluation") {
    this.value = value;
    this.message = message;
    this.kind = kind;
  }
}

/** The functions by name and number of parameters. */
export class FunctionTable {
  readonly #byName: ReadonlyMap<string, readonly CesqlFunction[]>;

  /**
   * @throws {TypeError} for a name that cannot be called, and where a call could mean two functions: the fixed
   * parameters of the one that takes any number must outnumber those of every other of that name (CESQL 1.0 §3.5).
   */
  constructor(functions: readonly CesqlFunction[]) {
    const byName = new Map<string, CesqlFunction[]>();
    for (const added of functions) {
      if (!/^[A-Z][A-Z_]*$/.test(added.name)) {
        throw new TypeError(`Cannot add function "${added.name}": use upper-case letters and underscores`);
      }
      const overloads = byName.get(added.name) ?? [];
      const rival = overloads.find((overload) => areAmbiguous(overload, added));
      if (rival !== undefined) {
        throw new TypeError(
          `Cannot add function "${added.name}": a call could mean another one; change its parameters`,
        );
      }
      byName.set(added.name, [...overloads, added]);
    }
    this.#byName = byName;
  }

  /** `undefined` if there is no such function. */
  find(name: string, parameterCount: number): CesqlFunction | undefined {
    return this.#byName.get(name)?.find(({ parameters, rest }) =>
      rest === undefined ? parameters.length === parameterCount : parameters.length <= parameterCount
    );
  }
}

function areAmbiguous(one: CesqlFunction, other: CesqlFunction): boolean {
  const [few, many] = one.parameters.length <= other.parameters.length ? [one, other] : [other, one];
  return few.parameters.length === many.parameters.length || few.rest !== undefined;
}

/** The built-in functions. Characters are Unicode code points, as the String of CESQL 1.0 §3.1 is made of. */
export const BUILT_IN_FUNCTIONS: readonly CesqlFunction[] = [
  define("INT", ["any"], "integer", (x) => toInteger(x) ?? failCast(x, "integer")),
  define("BOOL", ["any"], "boolean", (x) => toBoolean(x) ?? failCast(x, "boolean")),
  define("STRING", ["any"], "string", toText),
  define("IS_INT", ["any"], "boolean", (x) => toInteger(x) !== undefined),
  define("IS_BOOL", ["any"], "boolean", (x) => toBoolean(x) !== undefined),
  define("ABS", ["integer"], "integer", abs),
  define("LENGTH", ["string"], "integer", (x) => characterCount(x as string)),
  { ...define("CONCAT", [], "string", (...texts) => texts.join("")), rest: "string" },
  {
    ...define("CONCAT_WS", ["string"], "string", (delimiter, ...texts) => texts.join(delimiter as string)),
    rest: "string",
  },
  define("LOWER", ["string"], "string", (x) => (x as string).toLowerCase()),
  define("UPPER", ["string"], "string", (x) => (x as string).toUpperCase()),
  define("TRIM", ["string"], "string", (x) => trim(x as string)),
  define("LEFT", ["string", "integer"], "string", (x, count) => left(x as string, count as number)),
  define("RIGHT", ["string", "integer"], "string", (x, count) => right(x as string, count as number)),
  define("SUBSTRING", ["string", "integer"], "string", (x, from) => substring(x as string, from as number)),
  define(
    "SUBSTRING",
    ["string", "integer", "integer"],
    "string",
    (x, from, length) => substring(x as string, from as number, length as number),
  ),
];

function define(
  name: string,
  parameters: CesqlFunction["parameters"],
  returns: CesqlType,
  run: CesqlFunction["run"],
): CesqlFunction {
  return { name, parameters, returns, run };
}

function failCast(value: CesqlValue, type: CesqlType): CesqlFunctionFailure {
  return new CesqlFunctionFailure(ZERO_VALUES[type], castMessage(value, type), "cast");
}

function abs(x: CesqlValue): CesqlValue | CesqlFunctionFailure {
  if (x !== INTEGER_MIN) return Math.abs(x as number);
  return new CesqlFunctionFailure(INTEGER_MAX, `Cannot take ABS(${x}): the result does not fit in 32 bits`, "math");
}

function left(text: string, count: number): CesqlValue | CesqlFunctionFailure {
  if (count < 0) return new CesqlFunctionFailure(text, `Cannot take LEFT of ${count} characters: use 0 or more`);
  return sliceCharacters(text, 0, count);
}

function right(text: string, count: number): CesqlValue | CesqlFunctionFailure {
  if (count < 0) return new CesqlFunctionFailure(text, `Cannot take RIGHT of ${count} characters: use 0 or more`);
  return sliceCharacters(text, Math.max(0, characterCount(text) - count));
}

function substring(text: string, from: number, length = INTEGER_MAX): CesqlValue | CesqlFunctionFailure {
  const count = characterCount(text);
  if (Math.abs(from) > count) {
    return new CesqlFunctionFailure("", `Cannot take SUBSTRING from ${from}: the text has ${count} characters`);
  }
  if (length < 0) return new CesqlFunctionFailure("", `Cannot take SUBSTRING of length ${length}: use 0 or more`);
  if (from === 0) return "";
  const start = from > 0 ? from - 1 : count + from;
  return sliceCharacters(text, start, start + length);
}

const SURROGATE = /[\ud800-\udfff]/;

function characterCount(text: string): number {
  return SURROGATE.test(text) ? Array.from(text).length : text.length;
}

function sliceCharacters(text: string, start: number, end?: number): string {
  return SURROGATE.test(text) ? Array.from(text).slice(start, end).join("") : text.slice(start, end);
}

/** White space as Unicode says (White_Space), which `String.prototype.trim` does not do: it takes U+FEFF, not U+0085. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text[start])) start++;
  while (end > start && isWhiteSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

function isWhiteSpace(character: string): boolean {
  return /^\p{White_Space}$/u.test(character);
}
