import { describe, expect, it } from "bun:test";

import { WriteBehind } from "../../federation/custody/write_behind.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function setUp() {
  const world = new FakeWorld();
  const log = new FakeLog();
  const errors: unknown[] = [];
  const writes = new WriteBehind(world, log, (error) => errors.push(error));
  const change = (key: string, text: string): void => writes.change({ key, value: bytes(text) });
  return { world, log, errors, writes, change };
}

describe("WriteBehind", () => {
  it("writes what came within 100 ms in one commit", () => {
    const { world, log, change } = setUp();
    change("a", "1");
    world.advance(99);
    change("b", "2");
    expect(log.commits).toHaveLength(0);
    world.advance(1);
    expect(log.commits).toHaveLength(1);
    expect([log.text("a"), log.text("b")]).toEqual(["1", "2"]);
  });

  it("writes only the last change of a key", () => {
    const { world, log, change } = setUp();
    change("a", "1");
    change("a", "2");
    world.advance(100);
    expect([log.commits[0].changes.length, log.text("a")]).toEqual([1, "2"]);
  });

  it("takes a document out", () => {
    const { world, log, writes, change } = setUp();
    change("a", "1");
    world.advance(100);
    writes.remove("a");
    world.advance(100);
    expect(log.text("a")).toBeUndefined();
  });

  it("writes what comes during a commit with the next one", () => {
    const { world, log, change } = setUp();
    log.held = true;
    change("a", "1");
    world.advance(100);
    change("b", "2");
    world.advance(100);
    expect(log.commits).toHaveLength(1);
    log.flush();
    log.flush();
    expect([log.commits.length, log.text("b")]).toEqual([2, "2"]);
  });

  it("tries again until it works", () => {
    const { world, log, errors, change } = setUp();
    log.failure = new Error("disk full");
    change("a", "1");
    world.advance(100);
    expect(errors).toHaveLength(1);
    log.failure = undefined;
    world.advance(500);
    expect(log.text("a")).toBe("1");
  });

  it("does not undo a later change when an earlier one failed", () => {
    const { world, log, change } = setUp();
    log.held = true;
    change("a", "1");
    world.advance(100);
    change("a", "2");
    log.failure = new Error("disk full");
    log.flush();
    log.failure = undefined;
    log.held = false;
    world.advance(1000);
    expect(log.text("a")).toBe("2");
  });

  it("goes on after a failure", () => {
    const { world, log, change } = setUp();
    log.failure = new Error("disk full");
    change("a", "1");
    world.advance(100);
    log.failure = undefined;
    world.advance(500);
    change("b", "2");
    world.advance(100);
    expect(log.text("b")).toBe("2");
  });
});

describe("WriteBehind.whenDurable()", () => {
  it("is done at once when nothing was changed", () => {
    let done = false;
    setUp().writes.whenDurable(() => done = true);
    expect(done).toBe(true);
  });

  it("waits for the commit of what was changed", () => {
    const { world, log, writes, change } = setUp();
    log.held = true;
    change("a", "1");
    let done = false;
    writes.whenDurable(() => done = true);
    world.advance(100);
    expect(done).toBe(false);
    log.flush();
    expect(done).toBe(true);
  });

  it("waits for a commit that is under way", () => {
    const { world, log, writes, change } = setUp();
    log.held = true;
    change("a", "1");
    world.advance(100);
    let done = false;
    writes.whenDurable(() => done = true);
    expect(done).toBe(false);
    log.flush();
    expect(done).toBe(true);
  });

  it("waits for what is changed during a commit", () => {
    const { world, log, writes, change } = setUp();
    log.held = true;
    change("a", "1");
    world.advance(100);
    change("b", "2");
    let done = false;
    writes.whenDurable(() => done = true);
    log.flush();
    expect(done).toBe(false);
    world.advance(100);
    log.flush();
    expect(done).toBe(true);
  });

  it("is not done by a commit that failed, but by the next that works", () => {
    const { world, log, writes, change } = setUp();
    log.failure = new Error("disk full");
    change("a", "1");
    let done = false;
    writes.whenDurable(() => done = true);
    world.advance(100);
    expect(done).toBe(false);
    log.failure = undefined;
    world.advance(500);
    expect(done).toBe(true);
  });
});

describe("WriteBehind.flush()", () => {
  it("writes at once, and says when it is durable", () => {
    const { log, writes, change } = setUp();
    log.held = true;
    change("a", "1");
    let done = false;
    writes.flush(() => done = true);
    expect([log.commits.length, done]).toEqual([1, false]);
    log.flush();
    expect([done, log.text("a")]).toEqual([true, "1"]);
  });

  it("waits for what comes during its commit", () => {
    const { log, writes, change } = setUp();
    log.held = true;
    change("a", "1");
    let done = false;
    writes.flush(() => done = true);
    change("b", "2");
    log.flush();
    expect(done).toBe(false);
    log.flush();
    expect([done, log.text("b")]).toEqual([true, "2"]);
  });

  it("is done at once when there is nothing to write", () => {
    const { writes } = setUp();
    let done = false;
    writes.flush(() => done = true);
    expect(done).toBe(true);
  });

  it("is done as well when the store cannot be written: a stop must not hang", () => {
    const { log, writes, errors, change } = setUp();
    log.failure = new Error("disk full");
    change("a", "1");
    let done = false;
    writes.flush(() => done = true);
    expect([done, errors.length]).toEqual([true, 1]);
  });
});
