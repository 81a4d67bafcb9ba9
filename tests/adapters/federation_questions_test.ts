/** Questions between clusters: what a peer says is checked, and what it asks cannot do harm. */

import { describe, expect, it } from "bun:test";

import { explainEvent, listMeshSubscriptions, traceEvent } from "../../adapters/federation/mod.ts";
import { anEvent } from "../support/events.ts";
import { MemoryMesh } from "../support/memory_mesh.ts";

/** Charlie answers that kind of question with this. */
async function openLiar(kind: string, lie: unknown): Promise<MemoryMesh> {
  const mesh = await MemoryMesh.open(["alice-bob"]);
  await mesh.subscribe("bob", "audit", "order.>");
  mesh.get("bob").federation.relay.handle(kind, (_, __, answer) => answer(lie));
  return mesh;
}

const LIES: readonly unknown[] = [
  null,
  "no",
  [],
  { subscriptions: "all", stopped: [], wanted: true },
  { subscriptions: [{ id: 7, group: null }], stopped: [], wanted: true },
  { subscriptions: Array.from({ length: 401 }, () => ({ id: "a", group: null })), stopped: [], wanted: true },
  { subscriptions: [], stopped: [{ subscription: null, reason: "<script>", detail: "" }], wanted: false },
];

describe("explainEvent()", () => {
  it("takes an answer that is none for no answer", async () => {
    for (const lie of LIES) {
      await using mesh = await openLiar("explain", lie);
      const { node, federation } = mesh.get("alice");
      const explained = await mesh.run(explainEvent({ node, federation }, "order.placed", anEvent()));
      expect(explained.destinations[0].subscriptions).toEqual([{ id: null, group: null, match: null }]);
    }
  });

  it("cuts texts of a peer that are long", async () => {
    const stopped = [{ subscription: "audit", reason: "FILTERED", detail: "x".repeat(10_000) }];
    await using mesh = await openLiar("explain", { subscriptions: [], stopped, wanted: false });
    const { node, federation } = mesh.get("alice");
    const explained = await mesh.run(explainEvent({ node, federation }, "order.placed", anEvent()));
    expect(explained.stopped[0].detail).toHaveLength(500);
  });
});

describe("traceEvent()", () => {
  it("shows hops only as told by the cluster that they are of", async () => {
    const hop = { cluster: "alice", node: "n", from: null, to: ["mallory"], at: 1 };
    const lie = { acceptedAt: null, dispatched: true, hops: [hop], destinations: [], deliveries: [] };
    await using mesh = await openLiar("trace", lie);
    const { node, federation } = mesh.get("alice");
    await mesh.publish("alice", { id: "1" });
    const traced = (await mesh.run(traceEvent({ node, federation }, { source: "/shops/alice", id: "1" })))!;
    expect(traced.hops.map(({ to }) => to)).toEqual([["bob"]]);
  });

  it("names a cluster that tells nonsense as missing", async () => {
    await using mesh = await openLiar("trace", { hops: [{ cluster: "bob" }] });
    const { node, federation } = mesh.get("alice");
    await mesh.publish("alice", { id: "1" });
    const traced = (await mesh.run(traceEvent({ node, federation }, { source: "/shops/alice", id: "1" })))!;
    expect(traced.missing).toEqual(["bob"]);
  });
});

describe("answerQuestions()", () => {
  it("answers no question that is none, and says nothing of it", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    const { federation } = mesh.get("alice");
    const questions = [
      ["explain", { topic: "order.*", attributes: { type: "a" }, ungrouped: true, groups: [] }],
      ["explain", { topic: "order.placed", attributes: {}, ungrouped: true, groups: [] }],
      ["explain", { topic: "order.placed", attributes: { type: "a", x: {} }, ungrouped: true, groups: [] }],
      ["find", { source: "", id: "1", recent: false }],
      ["trace", { source: "/a", id: "1", origin: "alice", epoch: -1, sequence: 1 }],
      ["subscriptions", null],
    ] as const;
    for (const [kind, body] of questions) {
      const answer = new Promise((resolve) => federation.relay.ask("bob", kind, body, 1000, resolve));
      expect(await mesh.run(answer)).toBeUndefined();
    }
    expect(mesh.errors).toEqual([]);
  });
});

describe("listMeshSubscriptions()", () => {
  it("has those of every cluster with where they are, page after page", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    for (let i = 0; i < 205; i++) {
      await mesh.get("bob").node.subscriptions.put(`s${String(i).padStart(3, "0")}`, {
        protocol: "PULL",
        config: { topic: "order.>" },
      });
    }
    await mesh.subscribe("alice", "own", "order.>");
    const { subscriptions, missing } = await mesh.run(listMeshSubscriptions(mesh.get("alice").federation));
    expect(missing).toEqual([]);
    expect(subscriptions).toHaveLength(206);
    expect(subscriptions[0]).toMatchObject({ id: "own", cluster: "alice", node: "alice-1" });
    expect(subscriptions[205]).toMatchObject({
      id: "s204",
      cluster: "bob",
      node: "bob-1",
      status: { state: "active" },
    });
  });

  it("names clusters that do not answer", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"], { bob: { mute: true } });
    const { subscriptions, missing } = await mesh.run(listMeshSubscriptions(mesh.get("alice").federation));
    expect([subscriptions, missing]).toEqual([[], ["bob"]]);
  });
});
