/** The built-in functions of CESQL, and those that a program adds. */

import { describe, expect, it } from "bun:test";

import {
  type CesqlFunction,
  CesqlFunctionFailure,
  type CesqlValue,
  compileCesql,
  parseCesql,
} from "../../../../node/filter/cesql/mod.ts";

function evaluate(expression: string, functions: readonly CesqlFunction[] = []) {
  return compileCesql(parseCesql(expression), { functions }).evaluate({
    face: "a😀b",
    wide: "\u{85}\u3000x\ufeff\u2009",
  });
}

function outcome(expression: string, functions: readonly CesqlFunction[] = []) {
  const { value, error } = evaluate(expression, functions);
  return error === undefined ? value : { value, error: error.kind };
}

describe("Built-in functions of CESQL", () => {
  const cases: readonly (readonly [string, CesqlValue])[] = [
    ["LENGTH('')", 0],
    ["LENGTH(123)", 3],
    ["LENGTH(face)", 3],
    ["CONCAT()", ""],
    ["CONCAT('a', 1, TRUE)", "a1true"],
    ["CONCAT_WS('-')", ""],
    ["CONCAT_WS('-', 'a')", "a"],
    ["CONCAT_WS(', ', 'a', 1, TRUE)", "a, 1, true"],
    ["LOWER('AbÇ')", "abç"],
    ["UPPER('aBß')", "ABSS"],
    ["TRIM('  a b\t')", "a b"],
    ["TRIM(wide)", "x\ufeff"],
    ["TRIM('   ')", ""],
    ["LEFT(face, 2)", "a😀"],
    ["LEFT('abc', 0)", ""],
    ["LEFT('abc', 9)", "abc"],
    ["RIGHT(face, 2)", "😀b"],
    ["RIGHT('abc', 0)", ""],
    ["RIGHT('abc', 9)", "abc"],
    ["SUBSTRING('abcdef', 1)", "abcdef"],
    ["SUBSTRING('abcdef', 3)", "cdef"],
    ["SUBSTRING('abcdef', -3)", "def"],
    ["SUBSTRING('abcdef', -6)", "abcdef"],
    ["SUBSTRING('abcdef', 0)", ""],
    ["SUBSTRING(face, 2)", "😀b"],
    ["SUBSTRING('abcdef', 2, 3)", "bcd"],
    ["SUBSTRING('abcdef', -2, 1)", "e"],
    ["SUBSTRING('abcdef', 5, 9)", "ef"],
    ["SUBSTRING('abcdef', 2, 2147483647)", "bcdef"],
    ["SUBSTRING('abcdef', 2, 0)", ""],
    ["SUBSTRING('abcdef', 0, 2)", ""],
    ["ABS(-5)", 5],
    ["ABS('-2147483647')", 2_147_483_647],
    ["IS_INT('12')", true],
    ["IS_INT('1.2')", false],
    ["IS_INT(TRUE)", true],
    ["IS_BOOL('True')", true],
    ["IS_BOOL('yes')", false],
    ["IS_BOOL(1)", true],
  ];
  it.each(cases)("%s is %s", (expression, value) => {
    expect(outcome(expression)).toBe(value);
  });

  const failures: readonly (readonly [string, CesqlValue, string])[] = [
    ["LEFT('abc', -1)", "abc", "functionEvaluation"],
    ["RIGHT('abc', -1)", "abc", "functionEvaluation"],
    ["SUBSTRING('abc', 4)", "", "functionEvaluation"],
    ["SUBSTRING('abc', -4)", "", "functionEvaluation"],
    ["SUBSTRING('', 1)", "", "functionEvaluation"],
    ["SUBSTRING(face, 4)", "", "functionEvaluation"],
    ["SUBSTRING('abc', 1, -1)", "", "functionEvaluation"],
    ["SUBSTRING('abc', 0, -1)", "", "functionEvaluation"],
    ["ABS(-2147483648)", 2_147_483_647, "math"],
    ["LENGTH()", false, "missingFunction"],
    ["LENGTH('a', 'b')", false, "missingFunction"],
    ["NO_SUCH(1)", false, "missingFunction"],
  ];
  it.each(failures)("%s is %s beside an error of kind %s", (expression, value, error) => {
    expect(outcome(expression)).toEqual({ value, error });
  });

  it("compileCesql() lists every call that no function answers, evaluated or not", () => {
    const { missingFunctions } = compileCesql(parseCesql("TRUE OR NO_SUCH(1, LENGTH()) = 'a'"));
    expect(missingFunctions).toEqual([
      { name: "NO_SUCH", position: 8, parameterCount: 2 },
      { name: "LENGTH", position: 19, parameterCount: 0 },
    ]);
  });
});

describe("Added functions of CESQL", () => {
  const define = (name: string, run: CesqlFunction["run"], more: Partial<CesqlFunction> = {}): CesqlFunction => ({
    name,
    parameters: ["integer"],
    returns: "integer",
    run,
    ...more,
  });

  it("are called in any case, with their parameters cast", () => {
    expect(outcome("twice('21')", [define("TWICE", (x) => (x as number) * 2)])).toBe(42);
  });

  it("are told apart by the number of their parameters", () => {
    const functions = [
      define("SUM", (x) => x),
      define("SUM", (x, y) => (x as number) + (y as number), { parameters: ["integer", "integer"] }),
      define("SUM", (...all) => all.length, { parameters: ["any", "any", "any"], rest: "any" }),
    ];
    expect([outcome("SUM(7)", functions), outcome("SUM(7, 1)", functions), outcome("SUM('a', 7, 1, 2)", functions)])
      .toEqual([7, 8, 4]);
  });

  it("are refused where a call could mean two of them", () => {
    const compile = (...functions: CesqlFunction[]) => () => compileCesql(parseCesql("1"), { functions });
    expect(compile(define("LENGTH", () => 0))).toThrow('Cannot add function "LENGTH"');
    const three = define("F", () => 0, { parameters: ["string", "string", "string"] });
    expect(compile(three, define("F", () => 0, { parameters: [], rest: "string" }))).toThrow('Cannot add function "F"');
    expect(compile(three, define("F", () => 0, { parameters: ["any", "any", "any"], rest: "any" }))).toThrow(
      "could mean",
    );
    expect(compile(define("CONCAT", () => 0, { parameters: ["any", "any"], rest: "any" }))).toThrow("could mean");
  });

  it("are refused under a name that cannot be called", () => {
    for (const name of ["", "f", "F1", "_F", "A B"]) {
      expect(() => compileCesql(parseCesql("1"), { functions: [define(name, () => 0)] })).toThrow("upper-case letters");
    }
  });

  it("fail with functionEvaluation and the zero value when they throw", () => {
    const broken = define("BROKEN", () => {
      throw new Error("no luck");
    });
    expect(evaluate("BROKEN(1)", [broken])).toMatchObject({
      value: 0,
      error: { kind: "functionEvaluation", position: 0, message: "Cannot evaluate BROKEN: no luck" },
    });
  });

  it("fail with the value and kind of the failure that they return", () => {
    const failing = define("FAILING", () => new CesqlFunctionFailure(7, "Cannot do it: too late", "generic"));
    expect(evaluate("FAILING(1)", [failing])).toMatchObject({
      value: 7,
      error: { kind: "generic", message: "Cannot do it: too late" },
    });
  });

  it("fail with the zero value when what they return is not of their type", () => {
    const returning = (value: unknown, returns: CesqlFunction["returns"]) =>
      outcome("F(1)", [define("F", () => value as CesqlValue, { returns })]);
    const failed = (value: CesqlValue) => ({ value, error: "functionEvaluation" });
    expect(returning(1.5, "integer")).toEqual(failed(0));
    expect(returning(2 ** 31, "integer")).toEqual(failed(0));
    expect(returning("1", "integer")).toEqual(failed(0));
    expect(returning(undefined, "string")).toEqual(failed(""));
    expect(returning(1, "boolean")).toEqual(failed(false));
    expect(returning(new CesqlFunctionFailure("x", "late"), "integer")).toEqual(failed(0));
  });

  it("may evaluate an expression themselves without disturbing the one that calls them", () => {
    const inner = compileCesql(parseCesql("missing = 1"));
    const functions = [define("INNER", () => inner.matches({}), { parameters: [], returns: "boolean" })];
    expect(compileCesql(parseCesql("NOT INNER()"), { functions }).matches({})).toBe(true);
  });
});
