/** Random CESQL trees and the attributes they read, for property tests. */

import fc from "fast-check";

import type { CesqlAttributes, CesqlExpression, CesqlValue } from "../../../../node/filter/cesql/mod.ts";

type Trees = fc.Arbitrary<CesqlExpression>;

/** Texts that CESQL can write down: no backslash before a quote or at the end. */
const writable = (characters: readonly string[]) =>
  fc.array(fc.constantFrom(...characters), { maxLength: 8 })
    .map((all) => all.join(""))
    .filter((text) => !/\\('|$)/.test(text));

/** Few different characters, so that patterns often fit. */
export const patterns = writable(["a", "a", "b", "%", "%", "%", "_", "_", "\\", "😀"]);
export const likeTexts = writable(["a", "a", "a", "b", "%", "_", "\\", "😀"]);

const integers = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.constantFrom(-2_147_483_648, 2_147_483_647, 65_536),
  fc.integer(),
);
const numerals = fc.constantFrom("0", "1", "-1", "+2", "007", "2147483648", "-2147483648", "1.0", " 1", "+", "");
const facts = fc.constantFrom("true", "TRUE", "False", "no", "fals", "falsee");
const texts = fc.oneof(numerals, facts, writable(["a", "B", "'", '"', "\\", "%", "ß", "😀", " "]));

const ATTRIBUTE_NAMES = ["a", "b", "c1", "4d", "constructor"];

const position = fc.constant(0);
const name = fc.constantFrom(...ATTRIBUTE_NAMES);
const attribute: Trees = fc.record({ type: constant("attribute"), position, name });
const exists: Trees = fc.record({ type: constant("exists"), position, name });

/** Now and then one of the attributes that the trees read is missing. */
export const attributeSets: fc.Arbitrary<CesqlAttributes> = fc.record(
  Object.fromEntries(ATTRIBUTE_NAMES.map((name) => {
    const value = fc.oneof(integers, fc.boolean(), texts);
    return [name, fc.option(value as fc.Arbitrary<CesqlValue>, { freq: 12, nil: undefined })];
  })),
).map((record) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as CesqlAttributes
);

/**
 * Trees of every kind of node, up to five levels high. Operands are mostly of the type that their operator takes, or most
 * evaluations would only show that a cast fails.
 */
export const trees: Trees = fc.letrec<Record<"facts" | "integers" | "texts" | "any", CesqlExpression>>((tie) => {
  const mostly = (kind: "facts" | "integers" | "texts") =>
    fc.oneof({ weight: 12, arbitrary: tie(kind) }, { weight: 1, arbitrary: tie("any") });
  const [fact, integer, text, any] = [mostly("facts"), mostly("integers"), mostly("texts"), tie("any")];
  const pairs = fc.oneof(fc.tuple(fact, fact), fc.tuple(integer, integer), fc.tuple(text, text), fc.tuple(any, any));
  const choose = (leaves: readonly Trees[], branches: readonly Trees[]): Trees =>
    fc.oneof({ maxDepth: 5, depthSize: "medium" }, fc.oneof(...leaves, attribute), ...branches);
  return {
    facts: choose([literal(fc.boolean()), exists], [
      unary("not", fact),
      binary("logic", ["AND", "OR", "XOR"], fc.tuple(fact, fact)),
      binary("comparison", ["=", "!="], pairs),
      binary("comparison", ["<", "<=", ">", ">="], fc.tuple(integer, integer)),
      fc.record({ type: constant("like"), position, operand: text, pattern: patterns, negated: fc.boolean() }),
      inSet(integer),
      inSet(text),
      inSet(any),
      call(["IS_INT", "IS_BOOL", "BOOL"], fc.tuple(any)),
    ]),
    integers: choose([literal(integers)], [
      unary("negate", integer),
      binary("arithmetic", ["+", "-", "*", "/", "%"], fc.tuple(integer, integer)),
      call(["INT", "ABS"], fc.tuple(integer)),
      call(["LENGTH"], fc.tuple(text)),
    ]),
    texts: choose([literal(texts)], [
      call(["STRING", "LOWER", "UPPER"], fc.tuple(any)),
      call(["LEFT", "RIGHT", "SUBSTRING"], fc.tuple(text, integer)),
      call(["CONCAT"], fc.array(any, { maxLength: 3 })),
    ]),
    any: fc.oneof(
      ...(["facts", "integers", "texts"] as const).map((kind) => ({ weight: 10, arbitrary: tie(kind) })),
      { weight: 1, arbitrary: call(["NO_SUCH"], fc.constant([])) },
    ),
  };
}).any;

function constant<Text extends string>(text: Text): fc.Arbitrary<Text> {
  return fc.constant(text);
}

function literal(value: fc.Arbitrary<CesqlValue>): Trees {
  return fc.record({ type: constant("literal"), position, value });
}

function unary(type: "not" | "negate", operand: Trees): Trees {
  return fc.record({ type: constant(type), position, operand }) as Trees;
}

function binary(
  type: "logic" | "arithmetic" | "comparison",
  operators: readonly string[],
  operands: fc.Arbitrary<[CesqlExpression, CesqlExpression]>,
): Trees {
  return fc.tuple(fc.constantFrom(...operators), operands)
    .map(([operator, [left, right]]) => ({ type, position: 0, operator, left, right }) as CesqlExpression);
}

function inSet(element: Trees): Trees {
  const set = fc.array(element, { minLength: 1, maxLength: 3 });
  return fc.record({ type: constant("in"), position, operand: element, set, negated: fc.boolean() });
}

function call(names: readonly string[], parameters: fc.Arbitrary<CesqlExpression[]>): Trees {
  return fc.record({ type: constant("call"), position, name: fc.constantFrom(...names), parameters });
}
