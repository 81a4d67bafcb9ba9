import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "bun:test";

import { expect as ours } from "./expect/expect.ts";

// On Bun `expect` is the original and `ours` the adapter, so each case below is judged by both: they must agree.
type Case = readonly [title: string, ask: (expect: typeof ours) => unknown];

const cyclic = () => {
  const value: Record<string, unknown> = { a: 1 };
  value.self = value;
  return value;
};
const fail = () => {
  throw new RangeError("too far");
};

const holding: readonly Case[] = [
  ["toBe takes NaN as itself", (expect) => expect(NaN).toBe(NaN)],
  ["toEqual ignores properties that are undefined", (expect) => expect({ a: 1, b: undefined }).toEqual({ a: 1 })],
  ["toEqual ignores the prototype", (expect) => expect(Object.assign(Object.create(null), { a: 1 })).toEqual({ a: 1 })],
  ["toEqual compares bytes", (expect) => expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 2]))],
  ["toEqual compares maps", (expect) => expect(new Map([[{ k: 1 }, [2]]])).toEqual(new Map([[{ k: 1 }, [2]]]))],
  ["toEqual compares sets", (expect) => expect(new Set([{ k: 1 }])).toEqual(new Set([{ k: 1 }]))],
  ["toEqual ends on cycles", (expect) => expect(cyclic()).toEqual(cyclic())],
  ["toStrictEqual sees undefined", (expect) => expect({ a: undefined }).not.toStrictEqual({})],
  ["toMatchObject allows more", (expect) => expect({ a: { b: 1, c: 2 }, d: 3 }).toMatchObject({ a: { b: 1 } })],
  [
    "toMatchObject reads an error's properties",
    (expect) => expect(Object.assign(new Error("no"), { code: "X" })).toMatchObject({ code: "X" }),
  ],
  ["toMatchObject wants arrays whole", (expect) => expect({ a: [1, 2] }).not.toMatchObject({ a: [1] })],
  ["toContain finds an item", (expect) => expect([1, 2]).toContain(2)],
  ["toContain finds a part", (expect) => expect("order.placed").toContain("placed")],
  ["toContainEqual compares deeply", (expect) => expect([{ a: 1 }]).toContainEqual({ a: 1 })],
  ["toMatch takes a pattern", (expect) => expect("abc").toMatch(/^a.c$/)],
  ["toHaveLength asks the length", (expect) => expect("abc").toHaveLength(3)],
  ["toHaveProperty follows a path", (expect) => expect({ a: { b: [7] } }).toHaveProperty("a.b[0]", 7)],
  ["toBeCloseTo forgives rounding", (expect) => expect(0.1 + 0.2).toBeCloseTo(0.3, 5)],
  ["toBeGreaterThan compares big integers", (expect) => expect(2n).toBeGreaterThan(1n)],
  ["toThrow takes a part of the message", (expect) => expect(fail).toThrow("too")],
  ["toThrow takes a class", (expect) => expect(fail).toThrow(RangeError)],
  ["not.toThrow wants silence", (expect) => expect(() => {}).not.toThrow()],
  ["rejects.toThrow takes a pattern", (expect) => expect(Promise.reject(new Error("gone"))).rejects.toThrow(/gone/)],
  ["rejects gives the reason", (expect) => expect(Promise.reject(7)).rejects.toBe(7)],
  ["resolves gives the value", (expect) => expect(Promise.resolve([1])).resolves.toEqual([1])],
  ["any takes a primitive", (expect) => expect({ a: 1 }).toEqual({ a: expect.any(Number) })],
  ["any takes a class", (expect) => expect([new Date()]).toEqual([expect.any(Date)])],
  ["stringContaining", (expect) => expect({ a: "xyz" }).toEqual({ a: expect.stringContaining("y") })],
  ["stringMatching", (expect) => expect({ a: "xyz" }).toEqual({ a: expect.stringMatching(/z$/) })],
  ["objectContaining", (expect) => expect({ a: 1, b: 2 }).toEqual(expect.objectContaining({ a: 1 }))],
  ["arrayContaining", (expect) => expect([1, 2, 3]).toEqual(expect.arrayContaining([3, 1]))],
];

const failing: readonly Case[] = [
  ["toBe compares identity", (expect) => expect({}).toBe({})],
  ["toEqual sees a different value", (expect) => expect({ a: 1 }).toEqual({ a: 2 })],
  ["toEqual sees an additional property", (expect) => expect({ a: 1, b: 2 }).toEqual({ a: 1 })],
  ["toEqual tells −0 from 0", (expect) => expect(-0).toEqual(0)],
  ["toEqual tells an array from an object", (expect) => expect([]).toEqual({})],
  ["toEqual sees different bytes", (expect) => expect(new Uint8Array([1])).toEqual(new Uint8Array([2]))],
  ["toEqual sees different dates", (expect) => expect(new Date(1)).toEqual(new Date(2))],
  ["toEqual sees different messages", (expect) => expect(new Error("a")).toEqual(new Error("b"))],
  ["toBeDefined refuses undefined", (expect) => expect(undefined).toBeDefined()],
  ["toMatchObject misses a property", (expect) => expect({}).toMatchObject({ a: 1 })],
  ["toThrow wants a throw", (expect) => expect(() => {}).toThrow()],
  ["toThrow wants that class", (expect) => expect(fail).toThrow(TypeError)],
  ["toThrow wants that message", (expect) => expect(fail).toThrow("near")],
  ["rejects wants a rejection", (expect) => expect(Promise.resolve(1)).rejects.toBe(1)],
  ["resolves wants a value", (expect) => expect(Promise.reject(new Error("no"))).resolves.toBe(1)],
  ["unreachable", (expect) => expect.unreachable()],
];

const judges = { "this runtime's": expect as unknown as typeof ours, "the adapter's": ours };

for (const [name, judge] of Object.entries(judges)) {
  describe(`${name} expect()`, () => {
    for (const [title, ask] of holding) it(`passes where it should: ${title}`, async () => void await ask(judge));
    for (const [title, ask] of failing) {
      it(`fails where it should: ${title}`, async () => {
        let failed = false;
        try {
          await ask(judge);
        } catch {
          failed = true;
        }
        ours(failed).toBe(true);
      });
    }
  });
}

describe("hooks", () => {
  const calls: string[] = [];
  beforeAll(() => void calls.push("outer beforeAll"));
  beforeEach(() => void calls.push("outer beforeEach"));
  afterEach(() => void calls.push("outer afterEach"));

  describe("of an inner group", () => {
    beforeAll(() => void calls.push("inner beforeAll"));
    beforeEach(() => void calls.push("inner beforeEach"));
    afterEach(() => void calls.push("inner afterEach"));
    afterAll(() => void calls.push("inner afterAll"));
    it("run before the first test", () => {
      expect(calls).toEqual(["outer beforeAll", "inner beforeAll", "outer beforeEach", "inner beforeEach"]);
    });
    it("run beforeAll once", () => {
      expect(calls.slice(4)).toEqual(["inner afterEach", "outer afterEach", "outer beforeEach", "inner beforeEach"]);
    });
  });

  it("run afterAll when the last test of the group is done", () => {
    expect(calls.slice(8)).toEqual(["inner afterEach", "outer afterEach", "inner afterAll", "outer beforeEach"]);
  });
});

describe("it.each", () => {
  const seen: number[] = [];
  it.each([[1, 2], [3, 4]])("gives each row: %d and %d", (left: number, right: number) => void seen.push(left, right));
  it("ran every row", () => expect(seen).toEqual([1, 2, 3, 4]));
});

describe.skip("a group skipped on purpose (to see that skips do not count as executed)", () => {
  it("does not run", () => expect.unreachable());
});

it.skip("does not run (to see that skips do not count as executed)", () => expect.unreachable());
