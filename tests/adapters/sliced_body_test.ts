/** Large answers are made while they are read, and let the event loop turn in between. */

import { setImmediate } from "node:timers";
import { describe, expect, it } from "bun:test";

import { jsonList, slicedBody } from "../../adapters/door/http/request/mod.ts";

/** Texts that count how many were asked for. */
function counted(count: number, length: number) {
  const asked = { count: 0, returned: false };
  function* texts(): Generator<string> {
    try {
      for (; asked.count < count; asked.count++) yield "x".repeat(length);
    } finally {
      asked.returned = true;
    }
  }
  return { asked, texts: texts() };
}

describe("slicedBody()", () => {
  it("has all texts in order, empty ones left out", async () => {
    expect(await new Response(slicedBody(["a", "", "", "b", ""])).text()).toBe("ab");
    expect(await new Response(slicedBody([])).text()).toBe("");
  });

  it("makes no more than the client reads, and nothing more once it is gone", async () => {
    const { asked, texts } = counted(1000, 10_000);
    const reader = slicedBody(texts).getReader();
    await reader.read();
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked.count).toBeLessThan(30);
    await reader.cancel();
    expect(asked.returned).toBe(true);
  });

  it("lets the event loop turn between slices, and at each empty text", async () => {
    let turns = 0;
    let reading = true;
    const turn = (): void => {
      turns++;
      if (reading) setImmediate(turn);
    };
    setImmediate(turn);
    await new Response(slicedBody(counted(100, 64 * 1024).texts)).text();
    const between = turns;
    await new Response(slicedBody(Array.from({ length: 100 }, () => ""))).text();
    reading = false;
    expect(between).toBeGreaterThanOrEqual(100);
    expect(turns - between).toBeGreaterThanOrEqual(100);
  });
});

describe("jsonList()", () => {
  it("is the object that JSON.stringify() would make, with no entry, one and many", () => {
    for (const entries of [[], [{ a: 1 }], [1, "two", null]]) {
      const text = [...jsonList("rows", entries, { next: null, at: "now" })].join("");
      expect(text).toBe(JSON.stringify({ rows: entries, next: null, at: "now" }));
    }
  });
});
