import { describe, expect, it } from "bun:test";

import { openTestNode } from "../support/test_node.ts";

const SUBSCRIPTIONS = 10_000;

/** Bytes in use after the collector had its chance: what neither runtime gives exactly, so bounds are wide. */
async function usedBytes(): Promise<number> {
  const { default: process } = await import("node:process");
  const collect = (globalThis as { Bun?: { gc(force: boolean): void } }).Bun?.gc ?? (globalThis as { gc?(): void }).gc;
  for (let i = 0; i < 3; i++) {
    collect?.(true);
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
  return process.memoryUsage().heapUsed;
}

describe("An idle subscription", () => {
  it("costs some kilobytes, and no timer of its own", async () => {
    await using fixture = await openTestNode();
    const before = { bytes: await usedBytes(), timers: fixture.clock.pending };
    for (let i = 0; i < SUBSCRIPTIONS; i++) {
      await fixture.node.subscriptions.put(`idle-${i}`, {
        sink: "http://billing.test/hook",
        config: { topic: `topic.${i}.>` },
        filters: [{ exact: { subject: "eu-1" } }],
      });
    }
    await fixture.clock.advance(1000);
    const perSubscription = (await usedBytes() - before.bytes) / SUBSCRIPTIONS;
    expect(perSubscription).toBeLessThan(16 * 1024);
    expect(fixture.clock.pending - before.timers).toBeLessThanOrEqual(1);
  }, 60_000);

  it("costs a publish of another topic nothing", async () => {
    await using fixture = await openTestNode();
    for (let i = 0; i < 2000; i++) {
      await fixture.node.subscriptions.put(`idle-${i}`, { config: { topic: `topic.${i}.>` } });
    }
    await fixture.clock.advance(1000);
    const { store } = fixture.node;
    let commits = 0;
    const { commit } = store;
    store.commit = (...args) => (commits++, commit(...args));
    for (let i = 0; i < 100; i++) await fixture.publish({ type: "other" });
    await fixture.clock.advance(1000);
    expect(commits).toBe(100);
  }, 30_000);
});
