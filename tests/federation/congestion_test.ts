import { describe, expect, it } from "bun:test";

import { Congestion } from "../../federation/custody/congestion.ts";

const held = (bytes: Record<string, number>): Map<string, number> => new Map(Object.entries(bytes));

describe("Congestion.update()", () => {
  it("names what has more than half of its budget, in order", () => {
    const congestion = new Congestion();
    expect(congestion.update(held({ oslo: 501, bob: 900, rome: 500 }), 1000)).toEqual(["bob", "oslo"]);
  });

  it("answers nothing while nothing has changed", () => {
    const congestion = new Congestion();
    expect(congestion.update(held({ oslo: 10 }), 1000)).toBeUndefined();
    congestion.update(held({ oslo: 600 }), 1000);
    expect(congestion.update(held({ oslo: 800 }), 1000)).toBeUndefined();
  });

  it("names it until it is clearly less, or nothing", () => {
    const congestion = new Congestion();
    congestion.update(held({ oslo: 600, rome: 600 }), 1000);
    expect(congestion.update(held({ oslo: 375, rome: 600 }), 1000)).toBeUndefined();
    expect(congestion.update(held({ oslo: 374, rome: 600 }), 1000)).toEqual(["rome"]);
    expect(congestion.update(held({}), 1000)).toEqual([]);
  });

  it("names nobody where there is no cap", () => {
    expect(new Congestion().update(held({ oslo: 1e15 }), Infinity)).toBeUndefined();
  });
});
