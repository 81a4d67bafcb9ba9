/** What a principal may do. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { ANYONE, createPrincipal, requireScope } from "../../adapters/door/http/auth/mod.ts";
import { patternMatches, RefusedError } from "../../node/mod.ts";

const nobody = { name: "alice", publish: [], subscribe: [], admin: false };

describe("Principal.may()", () => {
  it("lets publish to topics that fit one of the patterns", () => {
    const alice = createPrincipal({ ...nobody, publish: ["order.>", "*.audit"] });
    expect(alice.may("publish", "order.placed")).toBe(true);
    expect(alice.may("publish", "billing.audit")).toBe(true);
    expect(alice.may("publish", "billing.paid")).toBe(false);
    expect(alice.may("publish", "order")).toBe(false);
  });

  it("lets subscribe to patterns that one of the principal's patterns covers as a whole", () => {
    const alice = createPrincipal({ ...nobody, subscribe: ["order.*"] });
    expect(alice.may("subscribe", "order.placed")).toBe(true);
    expect(alice.may("subscribe", "order.*")).toBe(true);
    expect(alice.may("subscribe", "order.>")).toBe(false);
    expect(alice.may("subscribe", "*.placed")).toBe(false);
    expect(alice.may("subscribe", ">")).toBe(false);
  });

  it("never lets a subscription see a topic outside the principal's patterns", () => {
    const token = fc.constantFrom("a", "b", "*");
    const pattern = fc.tuple(fc.array(token, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([tokens, rest]) => [...tokens, ...(rest ? [">"] : [])].join("."));
    const topic = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join("."));
    fc.assert(fc.property(pattern, pattern, topic, (granted, wanted, seen) => {
      const alice = createPrincipal({ ...nobody, subscribe: [granted] });
      fc.pre(alice.may("subscribe", wanted) && patternMatches(wanted, seen));
      expect(patternMatches(granted, seen)).toBe(true);
    }));
  });

  it("keeps the rights apart", () => {
    const alice = createPrincipal({ ...nobody, publish: [">"] });
    expect(alice.may("publish", "a.b")).toBe(true);
    expect(alice.may("subscribe", "a.b")).toBe(false);
    expect(alice.may("admin")).toBe(false);
  });

  it("says without a topic whether there is any", () => {
    expect(createPrincipal({ ...nobody, publish: ["a"] }).may("publish")).toBe(true);
    expect(createPrincipal(nobody).may("publish")).toBe(false);
  });
});

describe("createPrincipal()", () => {
  it("refuses a pattern that is none", () => {
    expect(() => createPrincipal({ ...nobody, subscribe: ["a.>.b"] })).toThrow("Cannot use pattern");
  });
});

describe("requireScope()", () => {
  it("names the missing scope", () => {
    const alice = createPrincipal(nobody);
    try {
      requireScope(alice, "publish", "order.placed");
      throw new Error("nothing was thrown");
    } catch (error) {
      expect(error).toBeInstanceOf(RefusedError);
      expect(error).toMatchObject({ code: "FORBIDDEN", fields: { scope: "weft:publish:order.placed" } });
      expect((error as Error).message).toContain('"alice" lacks the scope');
    }
  });

  it("lets anyone do anything where nobody is asked", () => {
    requireScope(ANYONE, "admin");
    requireScope(ANYONE, "subscribe", ">");
  });
});
