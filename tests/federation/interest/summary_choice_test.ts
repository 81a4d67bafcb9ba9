/** Which patterns are told as one where there is no room for all: small cases in which another choice would show. */

import { describe, expect, it } from "bun:test";

import { summarise } from "../../../federation/routing/interest/mod.ts";

/** What is told of patterns; `traffic`: how many events each topic has. */
function told(
  patterns: readonly string[],
  entriesMax: number,
  { traffic, bytesMax = 1e6 }: { traffic?: Readonly<Record<string, number>>; bytesMax?: number } = {},
): string[] {
  const weight = traffic && ((prefix: string): number =>
    Object.entries(traffic).reduce((sum, [topic, events]) => {
      return sum + (prefix === "" || topic === prefix || topic.startsWith(`${prefix}.`) ? events : 0);
    }, 0));
  const wants = patterns.map((pattern) => ({ pattern, durable: true }));
  return summarise(wants, { entriesMax, bytesMax, weight }).wants
    .map(({ pattern, collapsed }) => collapsed === undefined ? pattern : `${pattern} for ${collapsed}`).sort();
}

describe("summarise() where there is no room for all", () => {
  it("tells two patterns as one when that is enough", () => {
    expect(told(["a.b.c", "a.b.d", "x", "y", "z"], 4)).toEqual(["a.b.> for 2", "x", "y", "z"]);
  });

  it("knows that a pattern is not under its own wildcard", () => {
    expect(told(["c.a", "d", "d.c"], 2)).toEqual(["> for 3"]);
  });

  it("takes together what nobody publishes", () => {
    expect(told(["c.b", "c.c", "d.d"], 2, { traffic: { "c.b": 0, "c.c": 0, "d.d": 0 } })).toEqual(["c.> for 2", "d.d"]);
  });

  it("leaves apart what has much traffic elsewhere", () => {
    const traffic = { "d.b.c.c": 1, "d.b.b.d": 100, "c.a.a.a": 5000, "d.d.d": 0, "b.b": 10 };
    expect(told(Object.keys(traffic), 3, { traffic })).toEqual(["b.b", "c.a.a.a", "d.> for 3"]);
  });

  it("saves the most patterns for each event that crosses links for nothing", () => {
    expect(told(["a", "a.b", "a.b.a"], 2, { traffic: { a: 0, "a.b": 10, "a.b.a": 0 } })).toEqual(["> for 3"]);
  });

  it("takes a weight that is no count for nothing", () => {
    const patterns = ["a.b", "a.c", "b.b", "b.c", "c"];
    const wants = patterns.map((pattern) => ({ pattern, durable: true }));
    const tellWith = (weight: number) => summarise(wants, { entriesMax: 3, bytesMax: 1e6, weight: () => weight }).wants;
    for (const weight of [Infinity, -Infinity, -5, NaN]) expect(tellWith(weight)).toEqual(tellWith(0));
  });
});
