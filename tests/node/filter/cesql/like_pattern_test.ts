/** LIKE: escapes, characters of more than one unit, and time that grows with the text alone. */

import { describe, expect, it } from "bun:test";

import { compileLikePattern, PATTERN_LENGTH_MAX } from "../../../../node/filter/cesql/like_pattern.ts";

function fits(text: string, pattern: string): boolean {
  return compileLikePattern(pattern)(text);
}

describe("compileLikePattern()", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["", "", true],
    ["", "%", true],
    ["", "_", false],
    ["a", "", false],
    ["eu-berlin", "eu-%", true],
    ["us-eu-1", "eu-%", false],
    ["a.created", "%.created", true],
    ["aba", "ab%ba", false], // beginning and end must not share a character
    ["abba", "ab%ba", true],
    ["Abc", "abc", false],
    ["a\nb", "a_b", true],
    ["a\nb", "%a%b%", true],
    ["a.c", "a.c", true],
    ["abc", "a.c", false],
    ["a*", "a*", true],
    ["a😀b", "a_b", true],
    ["a😀b", "a__b", false],
    ["😀😀", "%😀", true],
    ["😀a😀", "_%a%_", true],
    ["b😀", "%b_", true],
    ["aXbXc", "a%X%X%c", true],
    ["aXc", "a%X%X%c", false],
    ["abcabd", "%ab_", true],
    ["a%b", "a\\%b", true],
    ["axb", "a\\%b", false],
    ["a_b", "a\\_b", true],
    ["axb", "a\\_b", false],
    ["a\\b", "a\\b", true],
    ["a\\", "a\\", true],
    ["\\%", "\\\\%", true], // the second backslash escapes; the first one stands for itself
    ["\\x", "\\\\%", false],
  ];
  for (const [text, pattern, expected] of cases) {
    it(`${expected ? "fits" : "does not fit"} ${JSON.stringify(text)} under ${pattern}`, () => {
      expect(fits(text, pattern)).toBe(expected);
    });
  }

  it("does not read beyond the end of a slice that ends amid a character, once the engine has optimised it either", () => {
    const isLong = compileLikePattern(`%${"a".repeat(32)}😀%`);
    const isShort = compileLikePattern("%a_%😀");
    const isWhole = compileLikePattern("_😀");
    let found = 0;
    for (let n = 0; n < 20_000; n++) {
      const text = ("a".repeat(33) + "😀").slice(n % 2, -1);
      if (isLong(text) || isShort(text) || isWhole(text.slice(-2))) found++;
    }
    expect(found).toBe(0);
  });

  it("refuses a pattern longer than PATTERN_LENGTH_MAX", () => {
    expect(() => compileLikePattern("a".repeat(PATTERN_LENGTH_MAX + 1))).toThrow(RangeError);
  });

  it("takes time that grows with the text alone on patterns made to go back", () => {
    // A search that goes back needs more steps than could ever be made. The bound is lax because machines differ: a
    // linear search takes some 300 ms.
    const text = "a".repeat(1_000_000);
    const patterns = [
      `${"%a".repeat(500)}%b%`,
      `%${"a".repeat(900)}b%`,
      `%${"_".repeat(900)}b%`,
      `${"%a_a_a%".repeat(100)}b%`,
    ];
    const matchers = patterns.map(compileLikePattern);
    const start = performance.now();
    for (const isMatch of matchers) expect(isMatch(text)).toBe(false);
    expect(performance.now() - start).toBeLessThan(4_000);
  });
});
