import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "bun:test";

import { EXPLAINED } from "../../scripts/mutants/explained.ts";
import { SEEDED_MUTANTS } from "../../scripts/mutants/list.ts";
import { maskSource } from "../../scripts/mutants/mask_source.ts";
import { toMutant } from "../../scripts/mutants/mutant.ts";
import { findOperatorMutants } from "../../scripts/mutants/operators.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

describe("SEEDED_MUTANTS", () => {
  it("are thirty at least, each with a name of its own and a reason", () => {
    expect(SEEDED_MUTANTS.length).toBeGreaterThanOrEqual(30);
    expect(new Set(SEEDED_MUTANTS.map(({ name }) => name)).size).toBe(SEEDED_MUTANTS.length);
    expect(SEEDED_MUTANTS.filter(({ why }) => why === "")).toEqual([]);
  });

  for (const mutant of SEEDED_MUTANTS) {
    it(`fit the source: ${mutant.name}`, () => {
      const source = read(mutant.file);
      expect(source.split(mutant.from).length - 1).toBe(1);
      expect(toMutant(mutant).mutate(source)).not.toBe(source);
    });
  }
});

describe("EXPLAINED", () => {
  it("speaks of lines that there are", () => {
    const gone = EXPLAINED.filter(({ file, line }) => !read(file).split("\n").some((each) => each.trim() === line));
    expect(gone).toEqual([]);
  });
});

describe("toMutant()", () => {
  const mutant = toMutant({ name: "a bug", why: "", file: "x.ts", from: "a()", to: "$&b()" });

  it("puts one text in the place of another, as it is", () => {
    expect(mutant.mutate("x; a(); y;")).toBe("x; $&b(); y;");
  });

  it("throws when the source is no longer what it was made for", () => {
    expect(() => mutant.mutate("x;")).toThrow('Cannot apply mutant "a bug": its text is 0 times in x.ts');
    expect(() => mutant.mutate("a(); a();")).toThrow("is 2 times");
  });
});

describe("maskSource()", () => {
  const kept = (source: string): string => maskSource(source).replace(/_+/g, "_").replace(/ +/g, " ").trim();

  it("blanks comments, strings and patterns, and nothing else", () => {
    expect(kept("a /* < */ < b; // && c")).toBe("a < b;");
    expect(kept('a === "x && \'y" && b')).toBe("a === _ && b");
    expect(kept('a = /[/"]+\\/ < /g.test(b) / 2')).toBe("a = _.test(b) / 2");
    expect(kept("return a / b / c;")).toBe("return a / b / c;");
  });

  it("keeps the code inside of templates, however deep", () => {
    expect(kept("x(`a < ${b < `${c > { d: 1 }.d}`} > ${e}`) + 1")).toBe("x(_b < _c > { d: 1 }.d_e_) + 1");
  });

  it("is as long as the source, line by line", () => {
    const source = read("federation/link/publish_ack.ts");
    expect(maskSource(source).split("\n").map(({ length }) => length)).toEqual(
      source.split("\n").map(({ length }) => length),
    );
  });
});

describe("findOperatorMutants()", () => {
  const changes = (source: string): string[] =>
    findOperatorMutants("x.ts", source).map(({ mutate }) => mutate(source).trim());

  it("takes comparisons one further, and turns them round", () => {
    expect(changes("return a < b;")).toEqual(["return a <= b;"]);
    expect(changes("return a === b;")).toEqual(["return a !== b;"]);
  });

  it("negates conditions", () => {
    expect(changes("if (f(a)) b = 1;")).toEqual(["if (!(f(a))) b = 1;"]);
  });

  it("swaps connectives, bounds and directions", () => {
    expect(changes("return a && Math.min(b, c);")).toEqual([
      "return a || Math.min(b, c);",
      "return a && Math.max(b, c);",
    ]);
    expect(changes("for (;;) a += 2, b(a - 1);")).toEqual(["for (;;) a -= 2, b(a - 1);", "for (;;) a += 2, b(a);"]);
  });

  it("leaves statements out", () => {
    expect(changes("  this.#run(a, { b });\n  a.count++;\n")).toEqual(["a.count++;", "this.#run(a, { b });"]);
  });

  it("leaves alone what declares something, types, and half statements", () => {
    const source =
      "const a = b(c);\nlet d: Map<string, number>;\n  run(() => {\n  });\ntype T = A | B;\n// if (a < b)\n";
    expect(changes(source)).toEqual([]);
  });

  it("names the place and the change", () => {
    const [mutant] = findOperatorMutants("x.ts", "const a = 1;\nreturn a < 2;\n");
    expect(mutant.name).toBe('x.ts:2:9 "<" becomes "<="');
  });

  it("applies to the text only that it was made for", () => {
    const [mutant] = findOperatorMutants("x.ts", "return a < 2;");
    expect(() => mutant.mutate("return a < 3;")).toThrow("the file has changed meanwhile");
  });

  it("finds enough in the links to choose from", () => {
    const file = "federation/link/lane_sender.ts";
    expect(findOperatorMutants(file, read(file)).length).toBeGreaterThan(100);
  });
});
