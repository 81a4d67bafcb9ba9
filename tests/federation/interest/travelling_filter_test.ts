import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import {
  COMPARISONS_MAX,
  filterStops,
  passesFilter,
  travellingFilter,
  TYPES_MAX,
} from "../../../federation/routing/interest/travelling_filter.ts";
import { Interest } from "../../../node/subscriptions/interest.ts";
import { anEvent } from "../../support/events.ts";

import { events, filters } from "./interest_support.ts";

const texts = fc.dictionary(fc.constantFrom("subject", "region", "type"), fc.constantFrom("x", "xy", "y"), {
  minKeys: 1,
  maxKeys: 2,
});

const { filter: dialects } = fc.letrec<{ filter: Record<string, unknown> }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ exact: texts }),
    fc.record({ prefix: texts }),
    fc.record({ suffix: texts }),
    fc.record({ sql: fc.constantFrom("subject = 'x'", "EXISTS region", "region LIKE 'x%'") }),
    fc.record({ all: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("filter") }),
  ),
}));

const definitions = fc.record({
  types: fc.uniqueArray(fc.constantFrom("x", "xy", "y"), { minLength: 1, maxLength: 2 }),
  source: fc.constantFrom("x", "xy", "y"),
  filters: fc.array(dialects, { maxLength: 3 }),
}, { requiredKeys: [] });

describe("travellingFilter()", () => {
  it("lets through whatever the whole filter lets through", () => {
    fc.assert(
      fc.property(definitions, events, (definition, event) => {
        const travelling = travellingFilter(definition);
        const wanted = new Interest({ topic: ">", ...definition }).wants(event);
        expect(wanted && travelling !== undefined && !passesFilter(travelling, event)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it("is exact for types, source, exact, prefix and all of them", () => {
    const definition = {
      types: ["order.placed", "order.paid"],
      source: "/shops/alice",
      filters: [{ exact: { region: "eu" } }, { all: [{ prefix: { subject: "o-" } }, { exact: { tier: "1" } }] }],
    };
    expect(travellingFilter(definition)).toEqual({
      types: ["order.paid", "order.placed"],
      source: "/shops/alice",
      exact: { region: "eu", tier: "1" },
      prefix: { subject: "o-" },
    });
  });

  it("is undefined where nothing can be said without the whole filter", () => {
    expect(travellingFilter({})).toBeUndefined();
    expect(travellingFilter({ filters: [{ sql: "a = 1" }, { any: [{ exact: { a: "1" } }] }] })).toBeUndefined();
    expect(travellingFilter({ filters: [{ not: { exact: { a: "1" } } }] })).toBeUndefined();
  });

  it("keeps the longer of two beginnings of one attribute", () => {
    const filters = [{ prefix: { subject: "o-1" } }, { prefix: { subject: "o-" } }];
    expect(travellingFilter({ filters })).toEqual({ prefix: { subject: "o-1" } });
  });

  it("leaves out what is too large, never a part of a list of types", () => {
    const types = Array.from({ length: TYPES_MAX + 1 }, (_, i) => `type-${i}`);
    expect(travellingFilter({ types, source: "/a" })).toEqual({ source: "/a" });
    expect(travellingFilter({ source: "x".repeat(5000) })).toBeUndefined();
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`a${i}`, "x"]));
    const filter = travellingFilter({ filters: [{ exact: many }] });
    expect(Object.keys(filter?.exact ?? {})).toHaveLength(COMPARISONS_MAX);
  });

  it("takes attributes for data whatever their names", () => {
    const filter = travellingFilter({ filters: [{ exact: { constructor: "x" } }] });
    expect(filter).toEqual({ exact: { constructor: "x" } });
    expect(passesFilter(filter!, anEvent())).toBe(false);
    expect(passesFilter(filter!, anEvent({ attributes: { constructor: "x" } }))).toBe(true);
  });
});

describe("filterStops()", () => {
  it("names a part exactly when the event does not pass", () => {
    fc.assert(fc.property(filters, events, (filter, event) => {
      expect(filterStops(filter, event) === undefined).toBe(passesFilter(filter, event));
    }));
  });

  it("says what stops an event", () => {
    const event = anEvent({ type: "order.placed", source: "/a", attributes: { count: 7 } });
    expect(filterStops({ types: ["order.paid"] }, event)).toBe('types: type "order.placed" is none of order.paid');
    expect(filterStops({ source: "/b" }, event)).toBe('source: it is not "/b"');
    expect(filterStops({ exact: { count: "7" } }, event)).toBeUndefined();
    expect(filterStops({ exact: { count: "8" } }, event)).toBe('exact: count is not "8"');
    expect(filterStops({ prefix: { subject: "o" } }, event)).toBe('prefix: subject does not begin with "o"');
  });
});
