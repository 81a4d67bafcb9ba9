import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { openMemoryStore } from "../../adapters/store/memory.ts";
import { parseCursor, resolveSince, toCursor } from "../../node/cursor.ts";
import { anEvent } from "../support/events.ts";
import { FakeClock } from "../support/fake_clock.ts";

const logOf = (storeId: string) => ({ incarnation: { epoch: 1, storeId, opened: "created" as const } });

async function aStore(events: number) {
  const clock = new FakeClock();
  const store = await openMemoryStore({ cluster: "alice", clock });
  for (let i = 0; i < events; i++) {
    await store.commit([{ event: anEvent(), topic: "a", ttlMs: 0 }]);
    await clock.advance(1000);
  }
  return { store, clock };
}

const codeOf = (attempt: Promise<unknown>) => attempt.then(() => undefined, (error) => error.code);

describe("toCursor()", () => {
  it("is undone by parseCursor(), and is never digits alone", () => {
    fc.assert(fc.property(fc.uuid(), fc.maxSafeNat(), (storeId, position) => {
      const cursor = toCursor(logOf(storeId), position);
      expect(parseCursor(logOf(storeId), cursor)).toBe(position);
      expect(/^\d+$/.test(cursor)).toBe(false);
    }));
  });

  it("is refused by every other log", () => {
    const cursor = toCursor(logOf("0a1b2c3d-0000"), 7);
    expect(() => parseCursor(logOf("1a1b2c3d-0000"), cursor)).toThrow("log of another cluster");
  });
});

describe("parseCursor()", () => {
  it("refuses whatever no node has made", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      fc.pre(!/^[a-z][0-9a-z]{7}-[0-9a-z]{1,11}$/.test(text));
      expect(() => parseCursor(logOf("0a1b2c3d"), text)).toThrow("not made by a node");
    }));
  });
});

describe("resolveSince()", () => {
  it("answers the position after which to read", async () => {
    const { store, clock } = await aStore(3);
    const at = (agoMs: number) => new Date(clock.wall() - agoMs).toISOString();
    const expected: [string | number, number][] = [
      ["now", 3],
      ["earliest", 0],
      ["1", 0],
      [2, 1],
      ["0", 0],
      [99, 3],
      [toCursor(store, 2), 2],
      [at(1000), 2],
      [at(2500), 1],
      [at(-5000), 3],
    ];
    for (const [since, after] of expected) expect([since, await resolveSince(store, since)]).toEqual([since, after]);
  });

  it("goes on at the end of a log that was restored from before the cursor", async () => {
    const { store } = await aStore(2);
    expect(await resolveSince(store, toCursor(store, 50))).toBe(2);
  });

  it("refuses what is no place in a log", async () => {
    const { store } = await aStore(0);
    expect(await codeOf(resolveSince(store, -1))).toBe("INVALID_SINCE");
    expect(await codeOf(resolveSince(store, 1.5))).toBe("INVALID_SINCE");
    expect(await codeOf(resolveSince(store, "99999999999999999999"))).toBe("INVALID_SINCE");
    expect(await codeOf(resolveSince(store, "2026-99-99T00:00:00Z"))).toBe("INVALID_SINCE");
    expect(await codeOf(resolveSince(store, "tomorrow"))).toBe("INVALID_CURSOR");
  });
});
