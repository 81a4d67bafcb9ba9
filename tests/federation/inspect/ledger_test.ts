/** The equation holds at any time, and shows when something is missing. */

import { describe, expect, it } from "bun:test";

import { type Federation, ledgerEntries, recountLedger, unbalancedPairs } from "../../../federation/mod.ts";
import { ledgerOfSubscriptions } from "../../../node/mod.ts";
import { anEvent } from "../../support/events.ts";
import { MemoryMesh, type MeshMember } from "../../support/memory_mesh.ts";

const ROW = ["alice-bob", "bob-charlie"];

type Entries = ReturnType<typeof ledgerEntries>;

function recount(federation: Federation): Promise<Entries> {
  return new Promise((resolve, reject) =>
    recountLedger(federation, (error, entries) => error === undefined ? resolve([...entries]) : reject(error))
  );
}

async function custodyKeys({ store }: MeshMember): Promise<string[]> {
  return (await store.listState({ prefix: "federation/custody/", limit: 1000 })).map(({ key }) => key);
}

/** Two events for charlie wait at alice, in documents of their own. */
async function openParked(): Promise<MemoryMesh> {
  const mesh = await MemoryMesh.open(ROW);
  await mesh.subscribe("charlie", "audit", "order.>");
  mesh.cut("alice-bob");
  await mesh.clock.advance(2000);
  await mesh.publish("alice");
  await mesh.publish("alice");
  return mesh;
}

describe("ledgerEntries()", () => {
  it("balances at every moment, through a cut, a full neighbour and a healed link", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    const { federation } = mesh.get("alice");
    await mesh.subscribe("bob", "audit", "order.>");
    await mesh.subscribe("charlie", "audit", "order.>");
    const acts: (() => unknown)[] = [
      () => mesh.get("charlie").full = true,
      () => mesh.cut("alice-bob"),
      () => mesh.get("charlie").full = false,
      () => mesh.join("alice-bob"),
    ];
    for (const act of acts) {
      void mesh.publish("alice");
      act();
      for (let step = 0; step < 60; step++) {
        await mesh.clock.advance(50);
        expect(unbalancedPairs(federation)).toBe(0);
        expect(ledgerEntries(federation).every(({ balanced }) => balanced)).toBe(true);
      }
    }
    await mesh.clock.advance(20_000);
    expect(ledgerEntries(federation)).toMatchObject([
      { origin: "alice", destination: "bob", accepted: 4, delivered: 4, parked: 0, queued: 0, balanced: true },
      { destination: "charlie", accepted: 4, delivered: 4, parked: 0, queued: 0, balanced: true },
    ]);
  });

  it("tells what is parked from what is on its way", async () => {
    await using mesh = await openParked();
    const { federation } = mesh.get("alice");
    expect(ledgerEntries(federation)).toMatchObject([{ accepted: 2, parked: 2, queued: 0 }]);
    mesh.get("bob").full = true;
    mesh.join("alice-bob");
    await mesh.clock.advance(5000);
    expect(ledgerEntries(federation)).toMatchObject([{ accepted: 2, parked: 0, queued: 2, balanced: true }]);
  });

  it("shows a shipment that got lost in memory", async () => {
    await using mesh = await openParked();
    const { federation } = mesh.get("alice");
    federation.custody.parked.get("charlie")!.take(1);
    expect(ledgerEntries(federation)).toMatchObject([{ accepted: 2, parked: 1, balanced: false }]);
    expect(unbalancedPairs(federation)).toBe(1);
  });

  it("counts what was given up as evicted", async () => {
    await using mesh = await openParked();
    const { federation } = mesh.get("alice");
    federation.forget("charlie");
    expect(ledgerEntries(federation)).toMatchObject([{
      accepted: 2,
      evicted: 2,
      parked: 0,
      queued: 0,
      balanced: true,
    }]);
  });
});

describe("recountLedger()", () => {
  it("finds in the store what waits in memory", async () => {
    await using mesh = await openParked();
    const { federation } = mesh.get("alice");
    expect(await recount(federation)).toEqual(ledgerEntries(federation));
  });

  it("does not balance once a document of the store is gone", async () => {
    await using mesh = await openParked();
    const alice = mesh.get("alice");
    const [key] = await custodyKeys(alice);
    await alice.store.commit([], [{ key, value: undefined }]);
    expect(await recount(alice.federation)).toMatchObject([{ accepted: 2, parked: 1, queued: 0, balanced: false }]);
    expect(ledgerEntries(alice.federation)).toMatchObject([{ balanced: true }]);
  });

  it("balances while events are delivered and documents go", async () => {
    await using mesh = await openParked();
    const { federation } = mesh.get("alice");
    mesh.join("alice-bob");
    for (let step = 0; step < 40; step++) {
      const [entries] = await Promise.all([recount(federation), mesh.clock.advance(50)]);
      expect(entries).toMatchObject([{ accepted: 2, balanced: true }]);
    }
    expect(await custodyKeys(mesh.get("alice"))).toEqual([]);
  });
});

describe("ledgerOfSubscriptions()", () => {
  it("counts each end of an event where it happens", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    const { node } = mesh.get("bob");
    await mesh.subscribe("bob", "large", "order.>", { filters: [{ sql: "amount > 10" }] });
    await mesh.publish("alice", { attributes: { amount: 5 } });
    for (let i = 0; i < 3; i++) await mesh.publish("alice", { attributes: { amount: 50 } });
    const [event] = await node.subscriptions.pull("large", { max: 1, waitMs: 0 });
    await node.subscriptions.settle("large", { ack: [event.ackId] });
    expect(await ledgerOfSubscriptions(node, { recount: true })).toEqual([{
      subscription: "large",
      group: null,
      acknowledged: 1,
      filtered: 1,
      expired: 0,
      deadLettered: 0,
      evicted: 0,
      pending: 2,
      pendingAtMost: false,
    }]);
  });

  it("recounts what is pending in the log as it stands in the queue", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    const { node } = mesh.get("bob");
    await mesh.subscribe("bob", "audit", "order.placed");
    for (const type of ["order.placed", "user.created", "user.created"]) {
      await node.accept({ topic: type, event: anEvent({ type }) });
    }
    for (const recount of [true, false]) {
      const [entry] = await ledgerOfSubscriptions(node, { recount });
      expect(entry).toMatchObject({ pending: 1, pendingAtMost: false });
    }
  });
});
