import { describe, expect, it } from "bun:test";

import type { Slot } from "../../../federation/routing/records/kind_records.ts";
import { PersistQueue } from "../../../federation/routing/records/persist_queue.ts";
import { seal } from "../../../federation/routing/records/sealed_record.ts";
import { FakeWorld } from "../../support/fake_world.ts";

function aSlot(shard: number, bytes = 1): Slot {
  const record = { origin: "alice", kind: 1, shard, epoch: 2 ** 32, version: 1, body: new Uint8Array(bytes).fill(1) };
  return { origin: "alice", kind: 1, shard, current: seal(record), installed: undefined, expiresAt: 1e9 };
}

function aQueue() {
  const world = new FakeWorld();
  /** Shards of each commit, and how to answer it. */
  const commits: { readonly shards: readonly number[]; readonly done: (error: unknown) => void }[] = [];
  const persisted: number[] = [];
  const failures: unknown[] = [];
  const queue = new PersistQueue({
    world,
    retryMs: 1000,
    isReplaced: () => false,
    persist: (records, removed, done) => {
      commits.push({ shards: [...records, ...removed].map(({ shard }) => shard), done });
    },
    onPersisted: (all) => persisted.push(...all.map(({ slot }) => slot.shard)),
    onFailed: (error) => failures.push(error),
  });
  const add = (...shards: readonly number[]): void => {
    for (const shard of shards) queue.add(aSlot(shard));
    world.advance(0);
  };
  return { world, queue, commits, persisted, failures, add };
}

describe("PersistQueue", () => {
  it("persists together what came together, and one commit after the other", () => {
    const { world, commits, persisted, add } = aQueue();
    add(1, 2);
    add(3);
    expect(commits.map(({ shards }) => shards)).toEqual([[1, 2]]);
    commits[0].done(undefined);
    world.advance(0);
    expect([commits.map(({ shards }) => shards), persisted]).toEqual([[[1, 2], [3]], [1, 2]]);
  });

  it("tries again what failed, and says so", () => {
    const { world, commits, persisted, failures, add } = aQueue();
    add(1);
    commits[0].done(new Error("disk full"));
    world.advance(999);
    expect([commits.length, failures.length]).toEqual([1, 1]);
    world.advance(1);
    commits[1].done(undefined);
    expect(persisted).toEqual([1]);
  });

  it("divides what is more than 4 MiB", () => {
    const { commits, queue, world } = aQueue();
    for (let shard = 0; shard < 200; shard++) queue.add(aSlot(shard, 60_000));
    world.advance(0);
    expect(commits[0].shards).toHaveLength(69);
  });
});

describe("PersistQueue.afterSettled()", () => {
  it("calls at once when nothing waits", () => {
    let calls = 0;
    aQueue().queue.afterSettled(() => calls++);
    expect(calls).toBe(1);
  });

  it("calls once, when everything added until then is durable, and never again", () => {
    const { world, queue, commits, add } = aQueue();
    let calls = 0;
    add(1);
    add(2);
    queue.afterSettled(() => calls++);
    commits[0].done(undefined);
    world.advance(0);
    expect(calls).toBe(0);
    commits[1].done(undefined);
    expect(calls).toBe(1);
    add(3);
    commits[2].done(undefined);
    expect(calls).toBe(1);
  });
});
