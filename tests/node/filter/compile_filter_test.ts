/** The filter dialects of subscriptions: what passes, what is refused and where, and what an explanation says. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { RefusedError } from "../../../node/errors.ts";
import { compileFilter, FilterError } from "../../../node/filter/mod.ts";
import { anEvent } from "../../support/events.ts";

const order = anEvent({
  source: "/shops/alice",
  type: "order.placed",
  attributes: { subject: "eu-berlin", amount: 120, urgent: true },
});

function accepts(...filters: unknown[]): boolean {
  return compileFilter(filters, "filters").accepts(order);
}

function stop(...filters: unknown[]) {
  return compileFilter(filters, "filters").explain(order);
}

function refusal(filters: unknown): FilterError {
  try {
    compileFilter(filters, "filters");
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error(`Cannot find the refusal of ${JSON.stringify(filters)}: it was compiled`);
}

describe("compileFilter() exact, prefix and suffix", () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, boolean])[] = [
    ["exact", { type: "order.placed" }, true],
    ["exact", { type: "order" }, false],
    ["exact", { type: "Order.placed" }, false],
    ["prefix", { type: "order." }, true],
    ["prefix", { type: "order.placed" }, true],
    ["prefix", { type: "placed" }, false],
    ["prefix", { type: "ORDER" }, false],
    ["suffix", { type: ".placed" }, true],
    ["suffix", { type: "order" }, false],
    ["suffix", { type: ".PLACED" }, false],
  ];
  for (const [dialect, attributes, expected] of cases) {
    it(`${dialect} ${JSON.stringify(attributes)} ${expected ? "holds" : "does not hold"} for order.placed`, () => {
      expect(accepts({ [dialect]: attributes })).toBe(expected);
    });
  }

  for (const dialect of ["exact", "prefix", "suffix"]) {
    it(`${dialect} holds only if all of its attributes do`, () => {
      expect(accepts({ [dialect]: { type: "order.placed", subject: "eu-berlin" } })).toBe(true);
      expect(accepts({ [dialect]: { type: "order.placed", subject: "us-austin" } })).toBe(false);
      expect(accepts({ [dialect]: { type: "order.lost", subject: "eu-berlin" } })).toBe(false);
    });

    it(`${dialect} is false for an attribute that is missing`, () => {
      expect(accepts({ [dialect]: { region: "undefined" } })).toBe(false);
      expect(accepts({ not: { [dialect]: { region: "eu" } } })).toBe(true);
    });
  }

  it("compare Integers and Booleans in their canonical text form", () => {
    expect(accepts({ exact: { amount: "120", urgent: "true" } })).toBe(true);
    expect(accepts({ prefix: { amount: "12" } }, { suffix: { urgent: "ue" } })).toBe(true);
    expect(accepts({ exact: { amount: "120.0" } })).toBe(false);
  });

  it("do not take what an object inherits for an attribute", () => {
    expect(accepts({ prefix: { constructor: "function" } })).toBe(false);
  });
});

describe("compileFilter() all, any, not and lists", () => {
  const yes = { exact: { type: "order.placed" } };
  const no = { exact: { type: "order.lost" } };

  it("an empty list holds for every event", () => {
    expect(accepts()).toBe(true);
    expect(stop()).toBeUndefined();
  });

  it("a list holds if all of its filters do", () => {
    expect([accepts(yes, yes), accepts(yes, no), accepts(no, yes)]).toEqual([true, false, false]);
  });

  it("all holds if every filter in it does", () => {
    expect([accepts({ all: [yes, yes] }), accepts({ all: [yes, no] }), accepts({ all: [no] })])
      .toEqual([true, false, false]);
  });

  it("any holds if one filter in it does", () => {
    expect([accepts({ any: [no, yes] }), accepts({ any: [yes] }), accepts({ any: [no, no] })])
      .toEqual([true, true, false]);
  });

  it("not holds if its filter does not", () => {
    expect([accepts({ not: no }), accepts({ not: yes }), accepts({ not: { not: yes } })]).toEqual([true, false, true]);
  });

  it("holds for nested trees as for the Boolean formula that they are", () => {
    fc.assert(
      fc.property(randomTrees, ({ filter, holds }) => {
        const compiled = compileFilter([filter], "filters");
        expect(compiled.accepts(order)).toBe(holds);
      }),
      { numRuns: 500 },
    );
  });

  it("explain() finds a stop exactly when accepts() does not hold, and its path leads to a filter", () => {
    fc.assert(
      fc.property(fc.array(randomTrees, { maxLength: 3 }), (trees) => {
        const filters = trees.map(({ filter }) => filter);
        const compiled = compileFilter(filters, "filters");
        const stopped = compiled.explain(order);
        expect(stopped === undefined).toBe(compiled.accepts(order));
        if (stopped !== undefined) expect(memberAt({ filters }, stopped.path)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe("compileFilter() sql", () => {
  it("holds where the expression is true", () => {
    expect(accepts({ sql: "type = 'order.placed' AND amount > 100" })).toBe(true);
    expect(accepts({ sql: "amount > 120" })).toBe(false);
  });

  it("is false where the value is no Boolean", () => {
    expect([accepts({ sql: "amount" }), accepts({ sql: "'true'" }), accepts({ sql: "urgent" })])
      .toEqual([false, false, true]);
  });

  it("is false where the evaluation ends in an error, so that not makes it true", () => {
    expect(accepts({ sql: "region = 'eu'" })).toBe(false);
    expect(accepts({ sql: "region != 'eu'" })).toBe(false);
    expect(accepts({ not: { sql: "region = 'eu'" } })).toBe(true);
  });
});

describe("compileFilter() refusals", () => {
  const leaf = { exact: { type: "a" } };
  const nested = (levels: number): unknown => levels === 1 ? leaf : { not: nested(levels - 1) };
  const listed = (levels: number): unknown =>
    levels === 1 ? leaf : { [levels % 2 === 0 ? "all" : "any"]: [listed(levels - 1)] };
  const cases: readonly (readonly [string, unknown, string, string])[] = [
    ["what is no list", { exact: {} }, "filters", "a list of filters"],
    ["no filters at all", undefined, "filters", "a list of filters"],
    ["a filter that is no object", ["a"], "filters[0]", "one member, the dialect"],
    ["a filter that is a list", [[]], "filters[0]", "one member, the dialect"],
    ["a filter that is null", [null], "filters[0]", "one member, the dialect"],
    ["a filter without a dialect", [{}], "filters[0]", "one member, the dialect"],
    ["two dialects in one filter", [{ exact: { type: "a" }, sql: "TRUE" }], "filters[0]", "one member, the dialect"],
    ["an unknown dialect", [{ regex: { type: "a" } }], "filters[0]", 'no dialect "regex"; use one of exact, prefix'],
    ["an inherited name as dialect", [{ constructor: {} }], "filters[0]", 'no dialect "constructor"'],
    ["an empty exact", [{ exact: {} }], "filters[0].exact", "at least one attribute"],
    ["an empty prefix", [{ sql: "TRUE" }, { prefix: {} }], "filters[1].prefix", "at least one attribute"],
    ["an empty suffix", [{ suffix: {} }], "filters[0].suffix", "at least one attribute"],
    ["an exact that is a text", [{ exact: "a" }], "filters[0].exact", "at least one attribute"],
    ["an empty attribute name", [{ exact: { "": "a" } }], "filters[0].exact", '"" is no attribute name'],
    ["an upper-case attribute name", [{ exact: { Type: "a" } }], "filters[0].exact", '"Type" is no attribute name'],
    ["an empty text", [{ prefix: { type: "" } }], "filters[0].prefix.type", "not empty"],
    ["a number to compare with", [{ exact: { amount: 1 } }], "filters[0].exact.amount", "compared with a text"],
    ["an empty all", [{ all: [] }], "filters[0].all", "at least one filter"],
    ["an empty any", [{ any: [] }], "filters[0].any", "at least one filter"],
    ["an any that is no list", [{ any: { sql: "TRUE" } }], "filters[0].any", "at least one filter"],
    ["a not that is a list", [{ not: [{ sql: "TRUE" }] }], "filters[0].not", "one member, the dialect"],
    ["an sql that is no text", [{ sql: 1 }], "filters[0].sql", "CESQL expression"],
    ["an empty sql", [{ sql: " " }], "filters[0].sql", "CESQL expression"],
    [
      "a mistake deep inside",
      [{ all: [{ any: [{ sql: "TRUE" }, { not: { exact: {} } }] }] }],
      "filters[0].all[0].any[1].not.exact",
      "at least one attribute",
    ],
    ["17 levels", [nested(17)], `filters[0]${".not".repeat(16)}`, "more than 16 levels"],
    ["17 levels of lists", [listed(17)], `filters[0]${".any[0].all[0]".repeat(8)}`, "more than 16 levels"],
    ["257 filters", Array(257).fill({ sql: "TRUE" }), "filters[256]", "more than 256 filters"],
    [
      "257 comparisons",
      [{ exact: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`a${n}`, "x"])) }],
      "filters[0].exact.a256",
      "more than 256 filters",
    ],
  ];
  for (const [what, filters, path, reason] of cases) {
    it(`refuse ${what} at ${path.length > 50 ? "its path" : path}`, () => {
      const error = refusal(filters);
      expect(error.path).toBe(path);
      expect(error.position).toBeUndefined();
      expect(error.message).toContain(`Cannot use filter "${path}": `);
      expect(error.message).toContain(reason);
    });
  }

  it("let 16 levels and 256 filters pass", () => {
    expect(compileFilter([nested(16)], "filters").accepts(order)).toBe(true);
    expect(compileFilter(Array(256).fill({ exact: { type: "order.placed" } }), "filters").accepts(order)).toBe(true);
  });

  it("name path and position of a mistake in an expression", () => {
    const error = refusal([{ any: [{ sql: "TRUE" }, { sql: "amount > AND urgent" }] }]);
    expect(error).toMatchObject({ path: "filters[0].any[1].sql", position: 9 });
    expect(error.message).toContain('expected a value, found "AND" (position 9)');
  });

  it("name the position of a function that does not exist", () => {
    const error = refusal([{ sql: "amount > 1 OR NO_SUCH(1, 2) = 3" }]);
    expect(error).toMatchObject({ path: "filters[0].sql", position: 14 });
    expect(error.message).toContain("there is no function NO_SUCH with 2 parameters");
  });

  it("begin the path where the request has the filters", () => {
    expect(() => compileFilter([{}], "subscription.filters")).toThrow('Cannot use filter "subscription.filters[0]"');
  });

  it("carry what a door needs for its answer", () => {
    const error = refusal([{ sql: "1 +" }]);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code: "INVALID_FILTER", fields: { path: "filters[0].sql", position: 3 } });
    expect(refusal([{}]).fields).toEqual({ path: "filters[0]" });
  });
});

describe("explain()", () => {
  it("names the first filter that stops the event, and the value that it found", () => {
    const filters = [{ exact: { type: "order.placed" } }, { prefix: { subject: "us-" } }, { exact: { type: "x" } }];
    expect(stop(...filters)).toEqual({
      path: "filters[1].prefix.subject",
      detail: 'attribute "subject" is "eu-berlin", which does not begin with "us-"',
    });
  });

  it("names the first attribute of a filter that stops the event", () => {
    expect(stop({ exact: { type: "order.placed", amount: "1", subject: "x" } })).toEqual({
      path: "filters[0].exact.amount",
      detail: 'attribute "amount" is "120", which is not "1"',
    });
    expect(stop({ suffix: { type: ".lost" } })?.detail).toBe(
      'attribute "type" is "order.placed", which does not end with ".lost"',
    );
  });

  it("says that an attribute is missing", () => {
    expect(stop({ exact: { region: "eu" } })).toEqual({
      path: "filters[0].exact.region",
      detail: 'the event has no attribute "region"',
    });
  });

  it("looks into all for the one that stops the event", () => {
    expect(stop({ all: [{ sql: "TRUE" }, { all: [{ exact: { type: "x" } }] }] })?.path)
      .toBe("filters[0].all[1].all[0].exact.type");
  });

  it("says of any why each filter in it stops the event", () => {
    expect(stop({ any: [{ exact: { region: "eu" } }, { sql: "amount > 500" }] })).toEqual({
      path: "filters[0].any",
      detail: 'none of 2 holds: the event has no attribute "region"; "amount > 500" is false',
    });
  });

  it("says of not that its filter holds", () => {
    expect(stop({ not: { exact: { type: "order.placed" } } })).toEqual({
      path: "filters[0].not",
      detail: "the filter that must not hold does",
    });
  });

  it("says of sql what the expression yields: false, an error or no Boolean", () => {
    expect(stop({ sql: "amount > 500" })).toEqual({ path: "filters[0].sql", detail: '"amount > 500" is false' });
    expect(stop({ sql: "region = 'eu'" })?.detail).toBe(
      `"region = 'eu'" fails: Cannot read attribute "region": the event has none of that name`,
    );
    expect(stop({ sql: "amount" })?.detail).toBe('"amount" is "120", which is no Boolean');
  });

  it("stays short, however long attributes and expressions are", () => {
    const long = anEvent({ attributes: { subject: "x".repeat(60_000) } });
    const filters = [{
      any: [{ exact: { subject: "y".repeat(60_000) } }, { sql: `subject = '${"z".repeat(9_000)}'` }],
    }];
    expect(compileFilter(filters, "filters").explain(long)!.detail.length).toBeLessThan(600);
  });
});

/** A filter, and whether it holds for `order`. */
interface RandomTree {
  readonly filter: unknown;
  readonly holds: boolean;
}

const leaves: readonly RandomTree[] = [
  { filter: { exact: { type: "order.placed" } }, holds: true },
  { filter: { exact: { type: "order.placed", subject: "us" } }, holds: false },
  { filter: { prefix: { subject: "eu-" } }, holds: true },
  { filter: { prefix: { region: "eu-" } }, holds: false },
  { filter: { suffix: { amount: "20" } }, holds: true },
  { filter: { suffix: { source: "bob" } }, holds: false },
  { filter: { sql: "amount = 120" }, holds: true },
  { filter: { sql: "NOT (region = 'eu')" }, holds: false },
];

const randomTrees = fc.letrec<{ tree: RandomTree }>((tie) => {
  const list = fc.array(tie("tree"), { minLength: 1, maxLength: 3 });
  return {
    tree: fc.oneof(
      { maxDepth: 5, depthSize: "large" },
      fc.constantFrom(...leaves),
      list.map((trees) => ({ filter: { all: trees.map(filterOf) }, holds: trees.every(({ holds }) => holds) })),
      list.map((trees) => ({ filter: { any: trees.map(filterOf) }, holds: trees.some(({ holds }) => holds) })),
      tie("tree").map(({ filter, holds }) => ({ filter: { not: filter }, holds: !holds })),
    ),
  };
}).tree;

function filterOf({ filter }: RandomTree): unknown {
  return filter;
}

/** What a path such as `filters[0].any[1].sql` leads to. */
function memberAt(root: unknown, path: string): unknown {
  const names = path.match(/[^.[\]]+/g) ?? [];
  return names.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], root);
}
