/** Parser, compiler and LIKE against naive ones, on random trees and texts. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { type CesqlExpression, compileCesql, parseCesql } from "../../../../node/filter/cesql/mod.ts";
import { compileLikePattern } from "../../../../node/filter/cesql/like_pattern.ts";
import { evaluateNaively, isLikeNaively } from "./naive_cesql.ts";
import { printCesql } from "./print_cesql.ts";
import { attributeSets, likeTexts, patterns, trees } from "./random_cesql.ts";

const numRuns = 600;

/** The tree as it would be without places in a text. */
function withoutPositions(tree: CesqlExpression): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value) => key === "position" ? 0 : value));
}

describe("CESQL on random trees", () => {
  it("parseCesql() reads what was printed with as few brackets as the precedence allows", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        expect(withoutPositions(parseCesql(printCesql(tree, "few")))).toEqual(withoutPositions(tree));
      }),
      { numRuns },
    );
  });

  it("parseCesql() reads what was printed with every bracket", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        expect(withoutPositions(parseCesql(printCesql(tree, "all")))).toEqual(withoutPositions(tree));
      }),
      { numRuns },
    );
  });

  it("evaluate() yields value and error of a naive interpreter", () => {
    fc.assert(
      fc.property(trees, attributeSets, (tree, attributes) => {
        const { value, error } = compileCesql(tree).evaluate(attributes);
        const naive = evaluateNaively(tree, attributes);
        expect({ value, error: error?.kind }).toEqual({ value: naive.value, error: naive.error });
      }),
      { numRuns: numRuns * 5 },
    );
  });

  it("matches() holds exactly when evaluate() yields true without an error", () => {
    fc.assert(
      fc.property(trees, attributeSets, (tree, attributes) => {
        const compiled = compileCesql(tree);
        const { value, error } = compiled.evaluate(attributes);
        expect(compiled.matches(attributes)).toBe(value === true && error === undefined);
      }),
      { numRuns: numRuns * 5 },
    );
  });

  it("compileLikePattern() fits what a naive matcher fits", () => {
    fc.assert(
      fc.property(likeTexts, patterns, (text, pattern) => {
        expect(compileLikePattern(pattern)(text)).toBe(isLikeNaively(text, pattern));
      }),
      { numRuns: numRuns * 5 },
    );
  });

  it("compileLikePattern() finds long runs between two % as a naive search does", () => {
    const characters = fc.constantFrom("a", "a", "a", "_", "b", "😀");
    const runs = fc.array(characters, { minLength: 30, maxLength: 70 }).map((all) => all.join(""));
    fc.assert(
      fc.property(runs, fc.nat(6), fc.nat(6), fc.boolean(), (run, before, after, spoil) => {
        const middle = run.replaceAll("_", "c");
        const text = "a".repeat(before) + (spoil ? middle.slice(0, -1) : middle) + "b".repeat(after);
        expect(compileLikePattern(`%${run}%`)(text)).toBe(occursNaively(Array.from(text), Array.from(run)));
      }),
      { numRuns },
    );
  });
});

function occursNaively(text: readonly string[], run: readonly string[]): boolean {
  return text.some((_, start) =>
    run.every((wanted, i) => start + i < text.length && (wanted === "_" || wanted === text[start + i]))
  );
}
