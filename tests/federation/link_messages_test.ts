import { describe, expect, it } from "bun:test";

import { decodeRefusal, encodeRefusal } from "../../federation/link/refusal.ts";
import { LinkSubjects } from "../../federation/link/subjects.ts";
import { laneOf } from "../../federation/traffic.ts";

const encoder = new TextEncoder();

describe("LinkSubjects", () => {
  const alice = new LinkSubjects("acme", "alice");
  const bob = new LinkSubjects("acme", "bob");

  it("are those of the design", () => {
    expect([alice.meet, alice.meetAny, alice.refusal("globex", "i1")]).toEqual([
      "weft.v1.acme.meet",
      "weft.v1.*.meet",
      "weft.v1.globex.refuse.i1",
    ]);
    expect([alice.control("bob", "hello"), alice.frames("bob", "bulk")]).toEqual([
      "weft.v1.acme.l.alice.bob.hello",
      "weft.v1.acme.rx.alice.bob.bulk",
    ]);
    expect([bob.controlToSelf, bob.framesToSelf]).toEqual(["weft.v1.acme.l.*.bob.*", "weft.v1.acme.rx.*.bob.*"]);
  });

  it("say who sent what", () => {
    expect(bob.parseControl(alice.control("bob", "relay"))).toEqual({ from: "alice", kind: "relay" });
    expect(bob.parseFrames(alice.frames("bob", "high"))).toEqual({ from: "alice", lane: "high" });
  });
});

describe("decodeRefusal()", () => {
  const refusal = { code: "SELF", detail: "x", federation: "acme", cluster: "alice", node: "alice-1" };

  it("reads what encodeRefusal() wrote, and nothing beside it", () => {
    expect(decodeRefusal(encodeRefusal({ ...refusal, more: 1 } as typeof refusal))).toEqual(refusal);
  });

  it("takes anything else for none", () => {
    const others = [
      "",
      "null",
      "{}",
      JSON.stringify({ ...refusal, node: 5 }),
      JSON.stringify({ ...refusal, code: undefined }),
    ];
    expect(others.map((text) => decodeRefusal(encoder.encode(text)))).toEqual(others.map(() => undefined));
  });

  it("reads nothing that is far too long", () => {
    expect(decodeRefusal(encodeRefusal({ ...refusal, detail: "x".repeat(5000) }))).toBeUndefined();
  });
});

describe("laneOf()", () => {
  it("is normal without a rule, else what the first rule says that fits", () => {
    const rules = [{ pattern: "metrics.>", lane: "bulk" }, { pattern: "metrics.alarm", lane: "high" }] as const;
    expect([laneOf([], "a"), laneOf(rules, "order.placed"), laneOf(rules, "metrics.alarm")]).toEqual([
      "normal",
      "normal",
      "bulk",
    ]);
  });
});
