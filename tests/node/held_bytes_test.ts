import { describe, expect, it } from "bun:test";

import type { StoredEvent } from "../../node/event_store.ts";
import { HeldBytes } from "../../node/held_bytes.ts";

const event = (bytes: number, page?: { bytes: number }) => ({ bytes, page }) as StoredEvent;

describe("HeldBytes", () => {
  it("counts a page once, for as long as one of its events is held", () => {
    const held = new HeldBytes();
    const page = { bytes: 1000 };
    const [a, b] = [event(10, page), event(10, page)];
    held.add(a);
    held.add(b);
    expect(held.bytes).toBe(1000);
    held.remove(a);
    expect(held.bytes).toBe(1000);
    held.remove(b);
    expect(held.bytes).toBe(0);
  });

  it("counts an event without a page by itself", () => {
    const held = new HeldBytes();
    held.add(event(10));
    held.add(event(20));
    expect(held.bytes).toBe(30);
    held.clear();
    expect(held.bytes).toBe(0);
  });
});
