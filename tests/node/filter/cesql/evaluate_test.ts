/** Operators, casts and errors of CESQL: what an evaluation yields, rule by rule (CESQL 1.0 §3). */

import { describe, expect, it } from "bun:test";

import {
  type CesqlAttributes,
  type CesqlValue,
  compileCesql,
  type CompiledCesql,
  NESTING_MAX,
  parseCesql,
} from "../../../../node/filter/cesql/mod.ts";

const event: CesqlAttributes = { id: "1", source: "/alice", type: "order.placed", hops: 5, urgent: true, big: 2 ** 40 };

function compiled(expression: string): CompiledCesql {
  return compileCesql(parseCesql(expression));
}

/** The value, or the value and the kind of the error. */
function outcome(expression: string, attributes = event): CesqlValue | { value: CesqlValue; error: string } {
  const { value, error } = compiled(expression).evaluate(attributes);
  return error === undefined ? value : { value, error: error.kind };
}

const failed = (error: string, value: CesqlValue = false) => ({ value, error });

describe("Casts of CESQL §3.7", () => {
  it.each([
    ["INT('+12')", 12],
    ["INT('-0012')", -12],
    ["INT('-2147483648')", -2_147_483_648],
    ["INT(TRUE) + INT(FALSE)", 1],
    ["BOOL('TrUe')", true],
    ["BOOL('FALSE')", false],
    ["BOOL(0)", false],
    ["BOOL(-1)", true],
    ["STRING(-5)", "-5"],
    ["STRING(0 * -1)", "0"],
    ["STRING(TRUE)", "true"],
    ["STRING(FALSE)", "false"],
  ])("%s is %s", (expression, value) => {
    expect(outcome(expression)).toBe(value);
  });

  it.each([
    ["INT('')", 0],
    ["INT('+')", 0],
    ["INT('1.5')", 0],
    ["INT(' 1')", 0],
    ["INT('1e3')", 0],
    ["INT('2147483648')", 0],
    ["INT('-2147483649')", 0],
    ["INT('99999999999999999999999999')", 0],
    ["INT('١')", 0],
    ["BOOL('')", false],
    ["BOOL('yes')", false],
    ["BOOL('true ')", false],
    ["-'a'", 0],
    ["1 + 'a'", 0],
    ["TRUE AND 'a'", false],
    ["'a' OR TRUE", false],
    ["'a' XOR TRUE", false],
    ["'a' < 1", false],
    ["1 >= 'b'", false],
    ["ABS('a')", 0],
    ["LEFT('abc', 'x')", ""],
  ])("%s is a cast error beside the zero value", (expression, zero) => {
    expect(outcome(expression)).toEqual(failed("cast", zero));
  });

  it("casts the left operand of = and != to the type of the right one", () => {
    expect(outcome("'1' = 1")).toBe(true);
    expect(outcome("'+01' = 1")).toBe(true);
    expect(outcome("1 = '+01'")).toBe(false);
    expect(outcome("2 = TRUE")).toBe(true);
    expect(outcome("TRUE = 2")).toBe(false);
    expect(outcome("'TRUE' = TRUE")).toBe(true);
    expect(outcome("TRUE = 'TRUE'")).toBe(false);
    expect(outcome("TRUE != 'TRUE'")).toBe(true);
  });

  it("yields false beside the error where that cast fails, for != as well", () => {
    expect(outcome("'a' = 1")).toEqual(failed("cast"));
    expect(outcome("'a' != 1")).toEqual(failed("cast"));
    expect(outcome("'a' = FALSE")).toEqual(failed("cast"));
    expect(outcome("type != hops")).toEqual(failed("cast"));
  });

  it("casts the elements of IN to the type of the operand", () => {
    expect(outcome("1 IN ('+1')")).toBe(true);
    expect(outcome("'1' IN (1)")).toBe(true);
    expect(outcome("'+1' IN (1)")).toBe(false);
    expect(outcome("TRUE IN ('TRUE')")).toBe(true);
    expect(outcome("'TRUE' NOT IN (TRUE)")).toBe(true);
  });

  it("yields a cast error for an element of IN that cannot be cast, unless an earlier one was equal", () => {
    expect(outcome("1 IN (2, 'a')")).toEqual(failed("cast"));
    expect(outcome("1 NOT IN (2, 'a')")).toEqual(failed("cast"));
    expect(outcome("1 IN (1, 'a')")).toBe(true);
  });

  it("compares numbers by order, never texts", () => {
    expect(outcome("'10' > '9'")).toBe(true);
    expect(outcome("TRUE > FALSE")).toBe(true);
    expect(outcome("'b' > 'a'")).toEqual(failed("cast"));
  });

  it("casts the operand of LIKE to a String", () => {
    expect(outcome("hops LIKE '5'")).toBe(true);
    expect(outcome("urgent LIKE 'tru_'")).toBe(true);
  });

  it("refuses to negate an Integer by NOT, as the conformance kit asks, but casts Integers elsewhere", () => {
    expect(outcome("NOT 1")).toEqual(failed("cast", true));
    expect(outcome("NOT 'a'")).toEqual(failed("cast", true));
    expect(outcome("1 AND hops")).toBe(true);
  });
});

describe("Arithmetic of CESQL", () => {
  it.each([
    ["7 / 2", 3],
    ["-7 / 2", -3],
    ["7 % -2", 1],
    ["-7 % 2", -1],
    ["-6 % 2", 0],
    ["2147483646 + 1", 2_147_483_647],
    ["-2147483647 - 1", -2_147_483_648],
    ["65536 * -32768", -2_147_483_648],
  ])("%s is %s", (expression, value) => {
    expect(Object.is(outcome(expression), value)).toBe(true);
  });

  it.each([
    "2147483647 + 1",
    "-2147483648 - 1",
    "65536 * 32768",
    "2147483647 * 2147483647",
    "-2147483648 / -1",
    "- INT('-2147483648')",
    "1 / 0",
    "1 % 0",
  ])("%s is 0 beside a math error", (expression) => {
    expect(outcome(expression)).toEqual(failed("math", 0));
  });
});

describe("Attributes of CESQL", () => {
  it("reads String, Integer and Boolean attributes as they are", () => {
    expect([outcome("type"), outcome("hops"), outcome("urgent")]).toEqual(["order.placed", 5, true]);
  });

  it("takes a number beyond 32 bits as a String", () => {
    expect(outcome("big")).toBe("1099511627776");
    expect(outcome("big > 5")).toEqual(failed("cast"));
  });

  it("does not take what an object inherits for an attribute", () => {
    expect(outcome("EXISTS constructor")).toBe(false);
    expect(outcome("constructor")).toEqual(failed("missingAttribute"));
  });

  it("tells by EXISTS whether the attribute is there, whatever its value", () => {
    const attributes = { ...event, empty: "", zero: 0, no: false };
    expect(outcome("EXISTS empty AND EXISTS zero AND EXISTS no AND EXISTS id", attributes)).toBe(true);
    expect(outcome("EXISTS subject", attributes)).toBe(false);
  });

  it.each([
    ["missing", false],
    ["NOT missing", false],
    ["-missing", 0],
    ["missing AND TRUE", false],
    ["missing OR TRUE", false],
    ["missing XOR TRUE", false],
    ["TRUE XOR missing", false],
    ["missing = ''", false],
    ["'' != missing", false],
    ["missing <= 0", false],
    ["0 / missing", 0],
    ["missing % 0", 0],
    ["missing LIKE '%'", false],
    ["missing NOT LIKE '%'", false],
    ["missing NOT IN ('a')", false],
    ["'a' NOT IN ('b', missing)", false],
    ["LENGTH(missing)", 0],
    ["UPPER(missing)", ""],
    ["IS_INT(missing)", false],
    ["NOT (missing = 1)", false],
    ["LENGTH(missing) + 1", 0],
  ])("%s is a missingAttribute error beside the zero value of its type", (expression, zero) => {
    expect(outcome(expression)).toEqual(failed("missingAttribute", zero));
  });
});

describe("Short circuits of CESQL", () => {
  it("does not evaluate the right operand of AND after false, nor of OR after true", () => {
    expect(outcome("FALSE AND missing")).toBe(false);
    expect(outcome("TRUE OR 1 / 0 = 1")).toBe(true);
  });

  it("evaluates the right operand otherwise, and both of XOR always", () => {
    expect(outcome("TRUE AND missing")).toEqual(failed("missingAttribute"));
    expect(outcome("FALSE OR missing")).toEqual(failed("missingAttribute"));
    expect(outcome("FALSE XOR missing")).toEqual(failed("missingAttribute"));
  });

  it("guards an attribute by EXISTS", () => {
    expect(outcome("EXISTS subject AND subject LIKE 'eu-%'")).toBe(false);
    expect(outcome("NOT EXISTS subject OR subject LIKE 'eu-%'")).toBe(true);
  });

  it("has no short circuit across an operator of the same level to the right", () => {
    expect(outcome("FALSE AND missing OR TRUE")).toBe(true);
    expect(outcome("TRUE OR missing AND FALSE")).toBe(false);
  });
});

describe("Errors of an evaluation", () => {
  it("evaluate() names kind, position and reason of the first error", () => {
    expect(compiled("TRUE AND subject = 'a' AND 1 / 0 = 1").evaluate(event)).toEqual({
      value: false,
      error: {
        kind: "missingAttribute",
        position: 9,
        message: 'Cannot read attribute "subject": the event has none of that name',
      },
    });
    expect(compiled("hops / (hops - 5) = 1").evaluate(event).error).toEqual({
      kind: "math",
      position: 5,
      message: "Cannot divide 5 by 0: there is no such value",
    });
    expect(compiled("type > 1").evaluate(event).error).toEqual({
      kind: "cast",
      position: 5,
      message: 'Cannot cast string "order.placed" to integer: it has no such value',
    });
  });

  it("evaluate() leaves error out where none occurred", () => {
    expect(Object.keys(compiled("hops = 5").evaluate(event))).toEqual(["value"]);
  });

  it("does not carry an error from one evaluation to the next", () => {
    const filter = compiled("subject = 'a'");
    expect(filter.matches(event)).toBe(false);
    expect(filter.matches({ ...event, subject: "a" })).toBe(true);
    expect(filter.evaluate({ ...event, subject: "a" })).toEqual({ value: true });
  });

  it("matches() holds for true alone: no other type, no error", () => {
    expect(compiled("urgent").matches(event)).toBe(true);
    expect(compiled("hops").matches(event)).toBe(false);
    expect(compiled("'true'").matches(event)).toBe(false);
    expect(compiled("NOT hops").evaluate(event).value).toBe(true);
    expect(compiled("NOT hops").matches(event)).toBe(false);
  });

  it("evaluates the deepest tree that parses", () => {
    expect(compiled("NOT ".repeat(NESTING_MAX - 1) + "urgent").matches(event)).toBe(false);
    expect(compiled("urgent AND ".repeat(NESTING_MAX - 1) + "urgent").matches(event)).toBe(true);
  });
});
