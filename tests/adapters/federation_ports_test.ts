import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { createCustodyLog } from "../../adapters/federation/custody_log.ts";
import { createLocalCluster } from "../../adapters/federation/local_cluster.ts";
import { systemWorld } from "../../adapters/federation/system_world.ts";
import { openMemoryStore } from "../../adapters/store/memory.ts";
import type { Verdict, Want } from "../../federation/mod.ts";
import { type Appended, type EventStore, type StoredEvent, StoreFullError, systemClock } from "../../node/mod.ts";
import { anEvent, someEvents } from "../support/events.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { openTestNode } from "../support/test_node.ts";

const entries = (count: number) => someEvents(count).map((event) => ({ event, topic: "order.placed", ttlMs: 0 }));
const change = (key: string) => ({ key, value: Uint8Array.of(1) });

describe("createCustodyLog()", () => {
  it("commits, and tells appends before the commit that made them is done", async () => {
    await using store = await openMemoryStore({ cluster: "paris", clock: new FakeClock() });
    const log = createCustodyLog(store);
    const told: unknown[] = [];
    log.onAppend((events) => told.push(events.map(({ position }) => position)));
    const appended = await new Promise<Appended | undefined>((resolve, reject) =>
      log.commit(entries(2), [change("federation/a")], (error, appended) => {
        told.push("done");
        if (error === undefined) resolve(appended);
        else reject(error);
      })
    );
    expect(appended).toEqual({ position: 1, sequence: 1, epoch: store.incarnation.epoch });
    expect(told).toEqual([[1, 2], "done"]);
    expect([log.head, log.tail, log.incarnation, log.syncsCommits]).toEqual([2, 1, store.incarnation, false]);
  });

  it("answers commits in the order in which they were made, also when a later one is refused at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 8 }), async (turns) => {
        const commit = async (_: unknown, [{ key }]: readonly { key: string }[]) => {
          for (let turn = Number(key); turn > 0; turn--) await undefined;
          if (key === "0") throw new StoreFullError("full", { full: "cap", retryAfterMs: 1 });
          return { position: 1, sequence: 1, epoch: 1 };
        };
        const log = createCustodyLog({ commit, capabilities: {} } as unknown as EventStore);
        const order: [number, boolean][] = [];
        await Promise.all(
          turns.map((turn, i) =>
            new Promise<void>((resolve) =>
              log.commit([], [change(String(turn))], (error) => {
                order.push([i, error instanceof StoreFullError]);
                resolve();
              })
            )
          ),
        );
        expect(order).toEqual(turns.map((turn, i) => [i, turn === 0]));
      }),
      { numRuns: 50 },
    );
  });

  it("reads pages and lists every document under a prefix, in order", async () => {
    await using store = await openMemoryStore({ cluster: "paris", clock: new FakeClock() });
    const log = createCustodyLog(store);
    const keys = Array.from({ length: 1203 }, (_, i) => `federation/${String(i).padStart(5, "0")}`);
    await store.commit(entries(5), [...keys.map(change), change("other/1")]);
    const listed = await new Promise<string[]>((resolve) =>
      log.list("federation/", (_, entries) => resolve(entries.map(({ key }) => key)))
    );
    expect(listed).toEqual(keys);
    const page = await new Promise<readonly StoredEvent[]>((resolve) =>
      log.read({ after: 2, eventsMax: 2, bytesMax: 1e6 }, (_, events) => resolve(events))
    );
    expect(page.map(({ position }) => position)).toEqual([3, 4]);
  });

  it("hands errors of the store on", async () => {
    const store = await openMemoryStore({ cluster: "paris", clock: new FakeClock() });
    const log = createCustodyLog(store);
    await store.close();
    const errors = await Promise.all([
      new Promise((resolve) => log.commit([], [], resolve)),
      new Promise((resolve) => log.list("a", resolve)),
      new Promise((resolve) => log.read({ after: 0, eventsMax: 1, bytesMax: 1 }, resolve)),
    ]);
    expect(errors.map((error) => (error as Error).name)).toEqual(Array(3).fill("StoreClosedError"));
  });

  it("tells how full the store is, as it was a moment ago", async () => {
    const clock = new FakeClock();
    await using store = await openMemoryStore({ cluster: "paris", clock, bytesMax: 100_000 });
    const log = createCustodyLog(store);
    expect(log.usedPermille()).toBe(0);
    await store.commit([{ event: anEvent({ data: new Uint8Array(50_000) }), topic: "order.placed", ttlMs: 0 }]);
    expect(log.usedPermille()).toBe(0);
    await clock.advance(50);
    expect(log.usedPermille()).toBeGreaterThan(500);
    expect(log.usedPermille()).toBeLessThan(520);
  });
});

describe("createLocalCluster()", () => {
  it("tells what the mesh is to know of wants, the same list until they change", async () => {
    await using fixture = await openTestNode({ cluster: "paris" });
    const local = createLocalCluster(fixture.node);
    let changes = 0;
    local.watchWants(() => changes++);
    await fixture.node.subscriptions.put("a", { types: ["x"], source: "/s", config: { topic: "order.*", group: "g" } });
    const wants: readonly Want[] = local.wants();
    expect(wants).toHaveLength(1);
    expect(wants[0]).toMatchObject({ pattern: "order.*", group: "g", durable: true });
    expect(wants[0].filter).toMatchObject({ types: ["x"], source: "/s" });
    expect(local.wants()).toBe(wants);
    await fixture.node.subscriptions.put("b", { config: { topic: "order.*" } });
    expect(local.wants().map(({ filter }) => filter)).toEqual([wants[0].filter, undefined]);
    expect(changes).toBeGreaterThanOrEqual(2);
    expect([local.node, local.cluster]).toEqual(["paris", "paris"]);
  });

  it("tells of filters what can travel, and once what is then the same", async () => {
    await using fixture = await openTestNode();
    const local = createLocalCluster(fixture.node);
    const put = (id: string, sql: string) =>
      fixture.node.subscriptions.put(id, { filters: [{ exact: { subject: "s" } }, { sql }] });
    await fixture.node.openStream({ onReady: () => undefined, filter: "EXISTS subject" });
    await put("a", "amount > 1");
    await put("b", "amount > 2");
    expect(fixture.node.wants()).toHaveLength(3);
    const [plain, filtered, ...others] = [...local.wants()].sort((a, b) => Number(a.durable) - Number(b.durable));
    expect(plain).toMatchObject({ pattern: ">", durable: false });
    expect(plain.filter).toBeUndefined();
    expect(filtered).toMatchObject({ pattern: ">", durable: true, filter: { exact: { subject: "s" } } });
    expect(others).toEqual([]);
  });

  it("says that a want is durable if one that is the same for others is", async () => {
    await using fixture = await openTestNode();
    const local = createLocalCluster(fixture.node);
    await fixture.node.openStream({ onReady: () => undefined, filter: "EXISTS subject" });
    await fixture.node.subscriptions.put("a", { filters: [{ sql: "EXISTS time" }] });
    await fixture.node.openStream({ onReady: () => undefined });
    expect(local.wants().map(({ durable }) => durable)).toEqual([true]);
  });

  it("asks the node about arrivals", async () => {
    await using fixture = await openTestNode();
    const local = createLocalCluster(fixture.node);
    await fixture.publish({ id: "1" });
    const { event, record } = (await fixture.node.store.get(1))!;
    const arrival = { origin: "lyon", epoch: 1, sequence: 1, record, event };
    const verdicts = await new Promise<readonly Verdict[]>((resolve) => local.judge([arrival], resolve));
    expect(verdicts).toEqual(["repeat"]);
  });

  it("lets no event of the node's own out", async () => {
    await using fixture = await openTestNode();
    const local = createLocalCluster(fixture.node);
    await fixture.publish();
    fixture.node.announce("weft-system.store.full", {});
    await fixture.clock.advance(0);
    const events = await fixture.node.store.read({ after: 0, eventsMax: 9, bytesMax: 1e6 });
    expect(events.map((event) => local.travels(event))).toEqual([true, false]);
  });
});

describe("systemWorld()", () => {
  it("has the time and the timers of its clock", async () => {
    const clock = new FakeClock();
    const world = systemWorld(clock);
    const ran: string[] = [];
    world.after(10, () => ran.push("a"));
    world.after(10, () => ran.push("b"));
    world.after(5, () => ran.push("never"))();
    await clock.advance(10);
    expect(ran).toEqual(["a", "b"]);
    expect(world.now()).toBe(10);
  });

  it("draws every integer below a bound, about equally often", () => {
    const world = systemWorld(systemClock);
    const drawn = [0, 0, 0];
    for (let i = 0; i < 3000; i++) drawn[world.randomInteger(3)]++;
    for (const count of drawn) expect(Math.abs(count - 1000)).toBeLessThan(200); // 7 standard deviations
    for (const bound of [1, 2 ** 31 + 1, 2 ** 32]) {
      for (let i = 0; i < 50; i++) expect(world.randomInteger(bound)).toBeLessThan(bound);
    }
  });
});

describe("WeftNode.addNeeded()", () => {
  it("keeps events that federation needs from being retired, until it is ended", async () => {
    await using fixture = await openTestNode({ retention: [{ pattern: ">", maxAgeMs: 1000 }] });
    for (let i = 0; i < 4; i++) await fixture.publish();
    let from = 3;
    const end = fixture.node.addNeeded(() => [{ pattern: ">", from }]);
    await fixture.clock.advance(3000);
    expect(fixture.node.store.tail).toBe(3);
    from = 4;
    await fixture.clock.advance(1000);
    expect(fixture.node.store.tail).toBe(4);
    end();
    await fixture.clock.advance(1000);
    expect(fixture.node.store.stats().events).toBe(0);
  });
});
