/** The metrics of the mesh say what is so: each is brought about, and read. */

import { describe, expect, it } from "bun:test";

import { federationMetrics } from "../../adapters/federation/mod.ts";
import type { Shipment } from "../../federation/custody/shipment.ts";
import { CHAIN_START } from "../../federation/link/codec/mod.ts";
import { MemoryMesh } from "../support/memory_mesh.ts";

const ROW = ["alice-bob", "bob-charlie"];

/** The value of a metric, of the sample with these labels or of the only one. */
function read(mesh: MemoryMesh, cluster: string, name: string, labels: Record<string, string> = {}): number {
  const definition = federationMetrics(mesh.get(cluster).federation).find((metric) => metric.name === name);
  if (definition === undefined) throw new Error(`Cannot read metric "${name}": there is none of that name`);
  const found = definition.read().filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels?.[label] === value)
  );
  expect([name, found.length]).toEqual([name, 1]);
  return found[0].value;
}

async function openWithAudit(): Promise<MemoryMesh> {
  const mesh = await MemoryMesh.open(ROW);
  await mesh.subscribe("charlie", "audit", "order.>");
  return mesh;
}

describe("federationMetrics() of links", () => {
  it("say whether a link is up, how fast it is, and how often it went down", async () => {
    await using mesh = await openWithAudit();
    await mesh.clock.advance(2000);
    const link = (name: string) => read(mesh, "bob", `weft_mesh_link_${name}`, { peer: "alice" });
    expect([link("up"), link("downs_total")]).toEqual([1, 0]);
    expect(link("rtt_seconds")).toBeGreaterThanOrEqual(0);
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    expect([link("up"), link("downs_total")]).toEqual([0, 1]);
  });

  it("count what waits for a neighbour, sent or not, and how long", async () => {
    await using mesh = await openWithAudit();
    mesh.get("bob").full = true;
    for (let i = 0; i < 3; i++) await mesh.publish("alice", { id: `${i}` });
    const lane = (name: string) => read(mesh, "alice", `weft_mesh_${name}`, { peer: "bob", lane: "normal" });
    expect(lane("unacknowledged_events") + lane("queued_events")).toBe(3);
    const before = lane("oldest_frame_age_seconds");
    await mesh.clock.advance(100);
    expect(lane("oldest_frame_age_seconds")).toBeGreaterThan(before);
    expect(read(mesh, "bob", "weft_mesh_refused_for_room_total")).toBeGreaterThan(0);
    mesh.get("bob").full = false;
    await mesh.clock.advance(20_000);
    expect([lane("unacknowledged_events"), lane("queued_events"), lane("queued_bytes")]).toEqual([0, 0, 0]);
    expect(read(mesh, "alice", "weft_mesh_sent_events_total", { peer: "bob" })).toBeGreaterThanOrEqual(3);
  });

  it("count what is kept aside for a destination of which the neighbour holds much, until it does not", async () => {
    await using mesh = await openWithAudit();
    const aside = () => read(mesh, "alice", "weft_mesh_aside_events", { peer: "bob", lane: "normal" });
    mesh.get("bob").federation.links.congested = { congested: ["charlie"] };
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { id: "1" });
    expect(aside()).toBe(1);
    mesh.get("bob").federation.links.congested = { congested: [] };
    await mesh.clock.advance(2000);
    expect([aside(), read(mesh, "charlie", "weft_mesh_received_events_total")]).toEqual([0, 1]);
  });

  it("count a rewind once for each time that a neighbour lost what it had acknowledged, and the frames sent again", async () => {
    await using mesh = await MemoryMesh.open(ROW, { bob: { syncs: false } });
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1" });
    const rewinds = () => read(mesh, "alice", "weft_mesh_rewinds_total", { peer: "bob" });
    expect(rewinds()).toBe(0);
    const { places } = mesh.get("bob").federation;
    places.settle("alice", "normal", { ...places.durable("alice", "normal"), sequence: 0, chain: CHAIN_START });
    places.unstage();
    await mesh.publish("alice", { id: "2" });
    await mesh.clock.advance(2000);
    expect(rewinds()).toBe(1);
    expect(read(mesh, "alice", "weft_mesh_retransmitted_frames_total", { peer: "bob" })).toBeGreaterThanOrEqual(2);
  });
});

describe("federationMetrics() of the mesh", () => {
  it("count clusters that are known and that can be reached", async () => {
    await using mesh = await openWithAudit();
    const clusters = () => ["reachable", "known"].map((name) => read(mesh, "alice", `weft_mesh_clusters_${name}`));
    expect(clusters()).toEqual([2, 3]);
    const version = read(mesh, "alice", "weft_mesh_route_version");
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    expect(clusters()).toEqual([1, 3]);
    expect(read(mesh, "alice", "weft_mesh_route_version")).toBeGreaterThan(version);
  });

  it("count what is parked, its bytes, and for how long", async () => {
    await using mesh = await openWithAudit();
    const parked = () =>
      ["events", "bytes", "age_seconds"].map((name) => read(mesh, "alice", `weft_mesh_parked_${name}`));
    expect(parked()).toEqual([0, 0, 0]);
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { id: "1" });
    await mesh.publish("alice", { id: "2" });
    await mesh.clock.advance(10_000);
    const [events, bytes, age] = parked();
    expect([events, Math.round(age)]).toEqual([2, 11]);
    expect(bytes).toBeGreaterThan(100);
    mesh.join("alice-bob");
    await mesh.clock.advance(20_000);
    expect(parked()).toEqual([0, 0, 0]);
  });

  it("count copies that were here already", async () => {
    await using mesh = await openWithAudit();
    mesh.get("bob").full = true;
    await mesh.publish("alice", { id: "1" });
    const { custody, links } = mesh.get("alice").federation;
    const [shipment] = [...links.neighbours.get("bob")!.senders.get("normal")!.inFlight()] as Shipment[];
    mesh.get("bob").full = false;
    await mesh.clock.advance(10_000);
    const counts = () =>
      ["received_events_total", "duplicates_dropped_total"].map((name) => read(mesh, "charlie", `weft_mesh_${name}`));
    expect(counts()).toEqual([1, 0]);
    custody.add(shipment);
    await mesh.clock.advance(2000);
    expect(counts()).toEqual([1, 1]);
  });

  it("say how many neighbours have yet to know what this node does, until all do", async () => {
    await using mesh = await openWithAudit();
    const unconverged = () => read(mesh, "alice", "weft_mesh_unconverged_neighbours");
    await mesh.clock.advance(2000);
    expect(unconverged()).toBe(0);
    await mesh.get("alice").node.subscriptions.put("own", { protocol: "PULL", config: { topic: "user.>" } });
    let most = 0;
    for (let i = 0; i < 40; i++) {
      await mesh.clock.advance(25);
      most = Math.max(most, unconverged());
    }
    await mesh.clock.advance(2000);
    expect([most, unconverged()]).toEqual([1, 0]);
  });

  it("count groups that another cluster defines otherwise, until one is renamed", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("alice", "a", "order.>", { config: { group: "workers" } });
    await mesh.subscribe("bob", "b", "user.>", { config: { group: "workers" } });
    await mesh.clock.advance(2000);
    const conflicts = () => ["alice", "bob", "charlie"].map((name) => read(mesh, name, "weft_mesh_group_conflicts"));
    expect(conflicts()).toEqual([1, 1, 0]);
    await mesh.get("bob").node.subscriptions.delete("b");
    await mesh.clock.advance(2000);
    expect(conflicts()).toEqual([0, 0, 0]);
  });
});

describe("federationMetrics() of the ledger", () => {
  it("have every term, and a difference of 0 at every moment, through a cut and a loss", async () => {
    await using mesh = await openWithAudit();
    const terms = () =>
      ["accepted", "delivered", "parked", "queued", "expired", "rejected", "evicted"].map((term) =>
        read(mesh, "alice", "weft_mesh_pairs", { term })
      );
    const difference = () => read(mesh, "alice", "weft_mesh_unbalanced_pairs");
    await mesh.publish("alice", { id: "1" });
    await mesh.clock.advance(1000);
    expect([terms(), difference()]).toEqual([[1, 1, 0, 0, 0, 0, 0], 0]);
    mesh.get("bob").full = true;
    await mesh.publish("alice", { id: "2" });
    expect([terms(), difference()]).toEqual([[2, 1, 0, 1, 0, 0, 0], 0]);
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    expect([terms(), difference()]).toEqual([[2, 1, 1, 0, 0, 0, 0], 0]);
    mesh.get("alice").federation.forget("charlie");
    expect([terms(), difference()]).toEqual([[2, 1, 0, 0, 0, 0, 1], 0]);
  });

  it("show an event that got lost in memory as a difference", async () => {
    await using mesh = await openWithAudit();
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { id: "1" });
    mesh.get("alice").federation.custody.parked.get("charlie")!.drain();
    expect(read(mesh, "alice", "weft_mesh_unbalanced_pairs")).toBe(1);
  });
});
