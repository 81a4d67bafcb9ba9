import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { encodeLinkState, LINKS_MAX, type LinkState, parseLinkState } from "../../../federation/routing/paths/mod.ts";

const STATE: LinkState = {
  links: [{ peer: "bob", cost: 12, tags: ["eu"], up: true }, { peer: "charlie", cost: 1, up: false }],
  tags: ["eu"],
  region: "paris",
  nodes: [{ id: "alice-1", runtime: "bun 1.4.5", version: "0.1.0", nats: "nats://10.0.0.1:7701", since: 0 }],
};

function parse(value: unknown) {
  return parseLinkState(new TextEncoder().encode(JSON.stringify(value)));
}

function problemOf(value: unknown): string {
  const parsed = parse(value);
  return "problem" in parsed ? parsed.problem : "";
}

describe("parseLinkState()", () => {
  it("reads what encodeLinkState() writes", () => {
    expect(parseLinkState(encodeLinkState(STATE))).toEqual({ state: STATE });
  });

  it("keeps what a later version added", () => {
    const later = { ...STATE, capacity: { mbps: 100 }, links: [{ ...STATE.links[0], lossPpm: 3 }] };
    expect(parse(later)).toEqual({ state: later });
  });

  it("answers for any bytes, and never throws", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect("problem" in parseLinkState(bytes)).toBe(true);
    }));
    fc.assert(fc.property(fc.json(), (json) => {
      const parsed = parseLinkState(new TextEncoder().encode(json));
      expect("problem" in parsed || Array.isArray(parsed.state.links)).toBe(true);
    }));
  });

  it("says which member is wrong", () => {
    expect(problemOf({ links: [{ peer: "bob", cost: 0, up: true }] })).toContain('"links.0.cost"');
    expect(problemOf({ links: [{ peer: "bob", cost: 1.5, up: true }] })).toContain('"links.0.cost"');
    expect(problemOf({ links: [{ peer: "no name", cost: 1, up: true }] })).toContain('"links.0.peer"');
    expect(problemOf({ links: [{ peer: "bob", cost: 1, up: "yes" }] })).toContain('"links.0.up"');
    expect(problemOf({ nodes: [] })).toContain('"links"');
  });

  it("takes so many links and no more", () => {
    const links = (count: number) => Array.from({ length: count }, (_, n) => ({ peer: `c${n}`, cost: 1, up: true }));
    expect("state" in parse({ links: links(LINKS_MAX) })).toBe(true);
    expect(problemOf({ links: links(LINKS_MAX + 1) })).toContain('"links"');
  });

  it("leaves out nodes that cannot be read, and keeps the links", () => {
    expect(parse({ ...STATE, nodes: [{ id: 7 }, null, ...STATE.nodes!] })).toEqual({ state: STATE });
  });
});
