/** What the parser reads and refuses, and where it says the mistake is. */

import { describe, expect, it } from "bun:test";

import {
  type CesqlExpression,
  CesqlSyntaxError,
  EXPRESSION_LENGTH_MAX,
  NESTING_MAX,
  parseCesql,
} from "../../../../node/filter/cesql/mod.ts";
import { PATTERN_LENGTH_MAX } from "../../../../node/filter/cesql/like_pattern.ts";
import { printCesql } from "./print_cesql.ts";

/** How the operators group, as text with every bracket. */
function grouped(expression: string): string {
  return printCesql(parseCesql(expression), "all");
}

function refusal(expression: string): CesqlSyntaxError {
  try {
    parseCesql(expression);
  } catch (error) {
    if (error instanceof CesqlSyntaxError) return error;
    throw error;
  }
  throw new Error(`Cannot find the refusal of "${expression.slice(0, 40)}": it was parsed`);
}

function valueOf(expression: string): unknown {
  const tree = parseCesql(expression);
  return tree.type === "literal" ? tree.value : tree;
}

describe("parseCesql() precedence", () => {
  it.each([
    // One row a pair of neighbours in CESQL 1.0 §3.6, then the order of equals.
    ["NOT a = b", "(NOT a) = b"],
    ["NOT a LIKE 'x'", "(NOT a) LIKE 'x'"],
    ["-a LIKE 'x'", "(- a) LIKE 'x'"],
    ["- a + b", "(- a) + b"],
    ["NOT - a", "NOT (- a)"],
    ["NOT EXISTS a AND b", "(NOT EXISTS a) AND b"],
    ["a * b LIKE 'x'", "a * (b LIKE 'x')"],
    ["a * b IN (c)", "a * (b IN (c))"],
    ["a IN (b) LIKE 'x'", "(a IN (b)) LIKE 'x'"],
    ["a + b * c", "a + (b * c)"],
    ["a + b = c - d", "(a + b) = (c - d)"],
    ["a = b AND c", "(a = b) AND c"],
    ["a < b = c", "(a < b) = c"],
    ["a OR b AND c", "(a OR b) AND c"],
    ["a AND b OR c XOR d", "((a AND b) OR c) XOR d"],
    ["a - b - c", "(a - b) - c"],
    ["a / b % c * d", "((a / b) % c) * d"],
    ["a AND (b OR c)", "a AND (b OR c)"],
    ["a NOT LIKE 'x' AND b NOT IN (1, c)", "(a NOT LIKE 'x') AND (b NOT IN (1, c))"],
    ["a LIKE 'x' LIKE 'y'", "(a LIKE 'x') LIKE 'y'"],
  ])("groups %s", (expression, expected) => {
    expect(grouped(expression)).toBe(expected);
  });
});

describe("parseCesql() words and literals", () => {
  it("reads keywords and function names in any case", () => {
    expect(grouped("nOt a aNd b Like 'x' oR Exists c xor d iN (tRue, FALSE)")).toBe(
      grouped("NOT a AND b LIKE 'x' OR EXISTS c XOR d IN (TRUE, FALSE)"),
    );
    expect(parseCesql("lEnGtH(a)")).toMatchObject({ type: "call", name: "LENGTH" });
  });

  it("turns attribute names into lower case, the only case they have", () => {
    expect(parseCesql("mySubject1")).toEqual({ type: "attribute", position: 0, name: "mysubject1" });
  });

  it("takes a word that begins with digits as an attribute", () => {
    expect(parseCesql("4d")).toEqual({ type: "attribute", position: 0, name: "4d" });
    expect(parseCesql("EXISTS 42")).toEqual({ type: "exists", position: 0, name: "42" });
  });

  it("reads integers with and without a sign up to the bounds of 32 bits", () => {
    expect(valueOf("007")).toBe(7);
    expect(valueOf("+5")).toBe(5);
    expect(valueOf("-2147483648")).toBe(-2_147_483_648);
    expect(valueOf("2147483647")).toBe(2_147_483_647);
    expect(Object.is(valueOf("-0"), 0)).toBe(true);
  });

  it("takes a sign after a value as an operator", () => {
    expect(grouped("a -1")).toBe("a - 1");
    expect(grouped("1+2")).toBe("1 + 2");
    expect(grouped("1 - -2")).toBe("1 - -2");
  });

  it("reads strings in either quotes, the other quote unescaped and the own one escaped", () => {
    expect(valueOf(`'a "b" \\'c\\''`)).toBe(`a "b" 'c'`);
    expect(valueOf(`"a 'b' \\"c\\""`)).toBe(`a 'b' "c"`);
  });

  it("keeps any other backslash of a string", () => {
    expect(valueOf(String.raw`'a\%b\n\\'`)).toBe(String.raw`a\%b\n\\`);
    expect(valueOf(String.raw`"\'"`)).toBe(String.raw`\'`);
  });

  it("does not take a string for the bracket, sign or operator that it holds", () => {
    expect(refusal("length '(' 'a')").position).toBe(7);
    expect(refusal("(1 ')'").position).toBe(3);
    expect(refusal("1 '+' 2").position).toBe(2);
  });

  it("gives each node the position of its own token", () => {
    const tree = parseCesql("a1 = 2 AND NOT LENGTH(b) IN (3)");
    expect(tree).toMatchObject({
      type: "logic",
      position: 7,
      left: { type: "comparison", position: 3, left: { position: 0 }, right: { position: 5 } },
      right: {
        type: "in",
        position: 25,
        operand: { type: "not", position: 11, operand: { type: "call", position: 15 } },
      },
    });
  });

  it("skips white space between tokens", () => {
    expect(grouped(" \t a\r\n=\n1 ")).toBe("a = 1");
  });
});

describe("parseCesql() refusals", () => {
  it.each([
    ["", 0, "the expression ends where a value should follow"],
    ["   ", 3, "the expression ends where a value should follow"],
    ["a =", 3, "the expression ends where a value should follow"],
    ["a = = b", 4, 'unexpected "=" where a value should stand'],
    ["a b", 2, 'unexpected "b" after a complete expression'],
    ["(a", 2, 'the bracket at position 0 is not closed; add ")", found the end'],
    ["a)", 1, 'unexpected ")" after a complete expression'],
    ["()", 1, 'unexpected ")" where a value should stand'],
    ["ABC(", 4, "the expression ends where a value should follow"],
    ["ABC(1", 5, 'the call of ABC is not closed; add ")", found the end'],
    ["ABC(1,)", 6, 'unexpected ")" where a value should stand'],
    ["a AND 'b", 6, "the string that starts here is not closed; end it with '"],
    ["'b\\'", 0, "the string that starts here is not closed; end it with '"],
    ["a ; b", 2, 'unexpected character ";"'],
    ["a = 😀", 4, 'unexpected character "😀"'],
    ["a ! b", 2, 'unexpected character "!"'],
    ["a LIKE b", 7, 'LIKE needs a string literal as its pattern, found "b"'],
    ["a LIKE 123", 7, 'LIKE needs a string literal as its pattern, found "123"'],
    ["a LIKE", 6, "LIKE needs a string literal as its pattern, found the end"],
    ["a IN 'x'", 5, 'IN needs a set such as ("a", "b"), found a string'],
    ["a IN ()", 6, 'unexpected ")" where a value should stand'],
    ["a IN (1, 2", 10, 'the set at position 5 is not closed; add ")", found the end'],
    ["a NOT b", 2, 'unexpected "NOT" after a complete expression'],
    ["EXISTS", 6, "expected the name of an attribute, found the end"],
    ["EXISTS 'a'", 7, "expected the name of an attribute, found a string"],
    ["EXISTS true", 7, 'expected the name of an attribute, found "true"'],
    ["1 = and", 4, 'expected a value, found "and"'],
    ["my_attr = 1", 0, '"my_attr" is no attribute name; those have letters and digits only'],
    ["F1(a)", 0, '"F1" is no function name; those have letters and underscores only'],
    ["_f(a)", 0, '"_f" is no function name; those have letters and underscores only'],
    ["a = 2147483648", 4, "the integer 2147483648 does not fit in 32 bits; compare it as a string"],
    ["a = -2147483649", 4, "the integer -2147483649 does not fit in 32 bits; compare it as a string"],
    ["+ 5", 0, 'unexpected "+" where a value should stand'],
    ["+a", 0, 'unexpected "+" where a value should stand'],
  ])("refuses %s at position %s", (expression, position, reason) => {
    const error = refusal(expression);
    expect({ position: error.position, reason: error.reason }).toEqual({ position, reason });
  });

  it("says what, where and why in one message, and keeps the expression", () => {
    const error = refusal("a = ");
    expect(error.message).toBe(
      'Cannot parse "a = " at position 4: the expression ends where a value should follow',
    );
    expect(error).toMatchObject({ name: "CesqlSyntaxError", kind: "parse", expression: "a = " });
  });

  it("abbreviates a long expression in the message", () => {
    expect(refusal("a".repeat(5_000) + " b").message.length).toBeLessThan(300);
  });
});

describe("parseCesql() bounds", () => {
  const ofLength = (length: number) => `'${"x".repeat(length - 2)}'`;

  it("refuses an expression longer than EXPRESSION_LENGTH_MAX, at that position", () => {
    expect(valueOf(ofLength(EXPRESSION_LENGTH_MAX))).toHaveLength(EXPRESSION_LENGTH_MAX - 2);
    const { position, reason } = refusal(ofLength(EXPRESSION_LENGTH_MAX + 1));
    expect(position).toBe(EXPRESSION_LENGTH_MAX);
    expect(reason).toContain(`more than ${EXPRESSION_LENGTH_MAX}`);
  });

  const nestings: readonly (readonly [string, (levels: number) => string])[] = [
    ["brackets", (levels) => "(".repeat(levels - 1) + "a" + ")".repeat(levels - 1)],
    ["NOT", (levels) => "NOT ".repeat(levels - 1) + "a"],
    ["signs", (levels) => "- ".repeat(levels - 1) + "a"],
    ["calls", (levels) => "F(".repeat(levels - 1) + "a" + ")".repeat(levels - 1)],
    ["sets", (levels) => "a IN (".repeat(levels - 1) + "a" + ")".repeat(levels - 1)],
    ["a chain of OR", (levels) => "a OR ".repeat(levels - 1) + "a"],
    ["a chain of LIKE", (levels) => "a" + " LIKE 'a'".repeat(levels - 1)],
  ];
  for (const [what, nest] of nestings) {
    it(`refuses more than NESTING_MAX levels of ${what}`, () => {
      expect(parseCesql(nest(NESTING_MAX))).toBeDefined();
      expect(refusal(nest(NESTING_MAX + 1)).reason).toContain(`more than ${NESTING_MAX} levels`);
    });
  }

  it("refuses a LIKE pattern longer than PATTERN_LENGTH_MAX where it stands", () => {
    const like = (length: number) => `a LIKE '${"x".repeat(length)}'`;
    expect((parseCesql(like(PATTERN_LENGTH_MAX)) as CesqlExpression & { type: "like" }).pattern)
      .toHaveLength(PATTERN_LENGTH_MAX);
    const { position, reason } = refusal(like(PATTERN_LENGTH_MAX + 1));
    expect(position).toBe(7);
    expect(reason).toContain(`more than ${PATTERN_LENGTH_MAX}`);
  });
});
