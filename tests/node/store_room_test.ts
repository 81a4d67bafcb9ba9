import { describe, expect, it } from "bun:test";

import { StoreFullError } from "../../node/errors.ts";
import type { EventStore } from "../../node/event_store.ts";
import { StoreRoom } from "../../node/store_room.ts";
import { FakeClock } from "../support/fake_clock.ts";

const full = (kind: "cap" | "disk" | "queue") => new StoreFullError(`${kind} is full`, { full: kind, retryAfterMs: 1 });

function setUp() {
  const clock = new FakeClock();
  const disk = { freeBytes: 0, fill: 1 };
  const told: { detail: string; fullMs: number }[] = [];
  const store = {
    stats: () => ({ logBytes: 10, bytesMax: 100, fill: disk.fill }), // records are a small part of what a store holds
    commit: (_: unknown, [{ value }]: { value?: Uint8Array }[]) =>
      (value?.length ?? 0) <= disk.freeBytes ? Promise.resolve() : Promise.reject(full("disk")),
  } as unknown as EventStore;
  const fulls: StoreFullError[] = [];
  const room = new StoreRoom({
    store,
    clock,
    onRoom: (end) => told.push(end),
    onFull: (error) => fulls.push(error),
    onError: () => undefined,
  });
  return { clock, disk, told, fulls, room };
}

describe("StoreRoom", () => {
  it("keeps a full disk full until the largest event would fit, whatever small ones pass", async () => {
    const { clock, disk, told, room } = setUp();
    room.noteFull(full("disk"));
    disk.freeBytes = 10_000;
    room.noteStored();
    await clock.advance(5000);
    expect(room.problem).toBe("disk is full");
    disk.freeBytes = 2_000_000;
    await clock.advance(1000);
    expect(room.problem).toBeUndefined();
    expect(told).toEqual([{ detail: "disk is full", fullMs: 6000 }]);
    expect(clock.pending).toBe(0);
  });

  it("ends a full cap with the next event that is stored", () => {
    const { told, room } = setUp();
    room.noteFull(full("cap"));
    room.noteStored();
    expect(room.problem).toBeUndefined();
    expect(told).toHaveLength(1);
    room.close();
  });

  it("ends a full cap without publishers, when what it holds has become less", async () => {
    const { clock, disk, room } = setUp();
    room.noteFull(full("cap"));
    await clock.advance(1000);
    expect(room.problem).toBe("cap is full");
    disk.fill = 0.8;
    await clock.advance(1000);
    expect(room.problem).toBeUndefined();
  });

  it("tells once that the cap is reached, however many events are refused and however often it looks", async () => {
    const { clock, told, fulls, room } = setUp();
    for (let second = 0; second < 5; second++) {
      room.noteFull(full("cap"));
      await clock.advance(1000);
    }
    expect(fulls).toHaveLength(1);
    expect(told).toEqual([]);
    room.close();
  });

  it("tells of room that comes and goes once a minute", async () => {
    const { clock, fulls, room } = setUp();
    for (const expected of [1, 1, 2]) {
      room.noteFull(full("cap"));
      room.noteStored();
      expect(fulls).toHaveLength(expected);
      await clock.advance(30_000);
    }
  });

  it("tells that there is room again once a minute, and of a long lack always", async () => {
    const { clock, told, room } = setUp();
    for (let cycle = 0; cycle < 3; cycle++) {
      room.noteFull(full("cap"));
      room.noteStored();
      await clock.advance(10_000);
    }
    expect(told).toHaveLength(1);
    room.noteFull(full("cap"));
    await clock.advance(60_000);
    room.noteStored();
    expect(told.map(({ fullMs }) => fullMs)).toEqual([0, 60_000]);
    room.close();
  });

  it("does not take a queue that waits for the disk for a lack of room", () => {
    const { room } = setUp();
    room.noteFull(full("queue"));
    expect(room.problem).toBeUndefined();
  });
});
