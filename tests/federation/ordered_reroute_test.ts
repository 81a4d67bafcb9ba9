/** Order at subscribers of a diamond, when what comes over the new way overtakes what is held up on the old one. */

import { describe, expect, it } from "bun:test";

import { explainEvent } from "../../adapters/federation/mod.ts";
import { anEvent } from "../support/events.ts";
import { MemoryMesh } from "../support/memory_mesh.ts";

const DIAMOND = ["alice-bob", "bob-dave", "alice-charlie", "charlie-dave"];
const KEY = { partitionkey: "k" };

/** Events 1 and 2 of alice are held up at bob; 3 and 4 have come to dave over charlie. */
async function overtaken(subscribe: (mesh: MemoryMesh) => Promise<void>): Promise<MemoryMesh> {
  const mesh = await MemoryMesh.open(DIAMOND);
  await subscribe(mesh);
  await mesh.publish("alice", { id: "0", attributes: KEY });
  mesh.get("dave").full = true;
  for (const id of ["1", "2"]) await mesh.publish("alice", { id, attributes: KEY });
  mesh.cut("bob-dave");
  mesh.cut("alice-bob");
  mesh.get("dave").full = false;
  for (const id of ["3", "4"]) await mesh.publish("alice", { id, attributes: KEY });
  await mesh.clock.advance(10_000);
  return mesh;
}

async function inLog(mesh: MemoryMesh): Promise<string[]> {
  const events = await mesh.get("dave").store.read({ after: 0, eventsMax: 100, bytesMax: 1_000_000 });
  return events.map(({ event }) => event.attributes.id);
}

/** Pulls what there is, one after the other acknowledged. */
async function drain(mesh: MemoryMesh, id: string): Promise<string[]> {
  const { subscriptions } = mesh.get("dave").node;
  const ids: string[] = [];
  for (;;) {
    const [pulled] = await subscriptions.pull(id, { max: 1, waitMs: 0 });
    if (pulled === undefined) return ids;
    ids.push(pulled.delivery.stored.event.attributes.id);
    await mesh.run(subscriptions.settle(id, { ack: [pulled.ackId] }));
    await mesh.clock.advance(50);
  }
}

const ordered = (mesh: MemoryMesh) => mesh.subscribe("dave", "audit", "order.>", { config: { ordered: true } });

describe("A subscription over a change of the way", () => {
  it("gets events as they come, unless it is ordered", async () => {
    await using mesh = await overtaken((made) => made.subscribe("dave", "audit", "order.>"));
    expect(await drain(mesh, "audit")).toEqual(["0", "3", "4"]);
    mesh.join("bob-dave");
    await mesh.clock.advance(5000);
    expect(await drain(mesh, "audit")).toEqual(["1", "2"]);
  });

  it("that is ordered gets what overtook only after what it overtook", async () => {
    await using mesh = await overtaken(ordered);
    expect(await drain(mesh, "audit")).toEqual(["0"]);
    mesh.join("bob-dave");
    await mesh.clock.advance(5000);
    expect(await inLog(mesh)).toEqual(["0", "3", "4", "1", "2"]);
    expect(await drain(mesh, "audit")).toEqual(["1", "2", "3", "4"]);
  });

  it("that is ordered and has a sink keeps the order, too", async () => {
    await using mesh = await overtaken((made) =>
      made.subscribe("dave", "audit", "order.>", {
        protocol: "HTTP",
        sink: "http://127.0.0.1:1/",
        config: { ordered: true },
      })
    );
    const { sinks } = mesh.get("dave");
    const next = async () => {
      const delivery = await mesh.run(sinks.next("audit"));
      delivery.answer({ type: "acknowledged", status: 204 });
      await mesh.clock.advance(100);
      return delivery.event.attributes.id;
    };
    expect(await next()).toBe("0");
    mesh.join("bob-dave");
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push(await next());
    expect(ids).toEqual(["1", "2", "3", "4"]);
  });

  it("of an ordered group keeps the order, too", async () => {
    await using mesh = await overtaken((made) =>
      made.subscribe("dave", "audit", "order.>", { config: { ordered: true, group: "auditors" } })
    );
    expect(await drain(mesh, "audit")).toEqual(["0"]);
    mesh.join("bob-dave");
    await mesh.clock.advance(5000);
    expect(await drain(mesh, "audit")).toEqual(["1", "2", "3", "4"]);
  });

  it("that is ordered says for what it waits, and so does explain", async () => {
    await using mesh = await overtaken(ordered);
    await drain(mesh, "audit");
    const { node, federation } = mesh.get("dave");
    const status = () => node.subscriptions.status(node.subscriptions.require("audit"));
    const [, , gone] = await mesh.get("alice").store.read({ after: 0, eventsMax: 3, bytesMax: 1_000_000 });
    expect(await status()).toMatchObject({ heldBack: 2, waitsFor: { origin: "alice", from: 2, to: gone.sequence } });
    const { stopped } = await explainEvent({ node, federation }, "order.placed", anEvent());
    expect(stopped).toMatchObject([{ subscription: "audit", reason: "WAITS_FOR_GAP" }]);
    expect(stopped[0].detail).toContain('events 2 to 3 of "alice"');
    mesh.join("bob-dave");
    await mesh.clock.advance(5000);
    await drain(mesh, "audit");
    expect(await status()).toMatchObject({ heldBack: 0, waitsFor: null, lag: 0 });
  });

  it("that is ordered lets go what it holds when the origin is forgotten, or when it is not to be ordered any more", async () => {
    await using mesh = await overtaken(ordered);
    await drain(mesh, "audit");
    await mesh.subscribe("dave", "audit", "order.>");
    expect(await drain(mesh, "audit")).toEqual(["3", "4"]);
    await using other = await overtaken(ordered);
    await drain(other, "audit");
    other.get("dave").federation.forget("alice");
    expect(await drain(other, "audit")).toEqual(["3", "4"]);
  });

  it("that is ordered does not wait for events that end on their way", async () => {
    await using mesh = await MemoryMesh.open(DIAMOND);
    await ordered(mesh);
    mesh.get("dave").full = true;
    await mesh.publish("alice", { id: "1", attributes: KEY, ttlMs: 5000 });
    mesh.cut("bob-dave");
    mesh.cut("alice-bob");
    mesh.get("dave").full = false;
    await mesh.publish("alice", { id: "2", attributes: KEY });
    await mesh.clock.advance(2000);
    expect(await drain(mesh, "audit")).toEqual([]);
    await mesh.clock.advance(10_000);
    mesh.join("bob-dave");
    await mesh.clock.advance(5000);
    expect(await drain(mesh, "audit")).toEqual(["2"]);
  });
});
