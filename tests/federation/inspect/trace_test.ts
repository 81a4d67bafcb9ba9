/** What `trace` says of an event after the fact, in a mesh of real nodes, for each end that it may come to. */

import { describe, expect, it } from "bun:test";

import { type TracedEvent, traceEvent } from "../../../adapters/federation/mod.ts";
import type { Shipment } from "../../../federation/custody/shipment.ts";
import { MemoryMesh } from "../../support/memory_mesh.ts";

/** Alice, bob and charlie in a row. */
const ROW = ["alice-bob", "bob-charlie"];
const SOURCE = "/shops/alice";

async function trace(mesh: MemoryMesh, id: string, at = "alice"): Promise<TracedEvent | undefined> {
  const { node, federation } = mesh.get(at);
  return await mesh.run(traceEvent({ node, federation }, { source: SOURCE, id }));
}

/** `charlie delivered OK`, one for each destination. */
function ends(traced: TracedEvent | undefined): string[] {
  return traced!.destinations.map(({ cluster, state, reason }) => `${cluster} ${state} ${reason}`);
}

/** `charlie/audit 1 acknowledged`, one for each attempt. */
function attempts(traced: TracedEvent | undefined): string[] {
  return traced!.deliveries.map(({ cluster, subscription, attempt, outcome }) =>
    `${cluster}/${subscription} ${attempt} ${outcome}`
  );
}

const HOOK = { protocol: "HTTP", sink: "http://sink.example/" };

describe("traceEvent() says which way an event went:", () => {
  it("hop by hop, whichever cluster is asked", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1" });
    for (const asked of ["alice", "bob", "charlie"]) {
      const traced = (await trace(mesh, "1", asked))!;
      expect(traced.hops.map(({ from, cluster, to }) => `${from} > ${cluster} > ${to}`)).toEqual([
        "null > alice > bob",
        "alice > bob > charlie",
        "bob > charlie > ",
      ]);
      expect(traced.origin).toMatchObject({ cluster: "alice", sequence: 1 });
      expect(traced.origin.at).toBeGreaterThan(0);
      expect(traced.hops.map(({ at }) => at! >= traced.origin.at!)).toEqual([true, true, true]);
      expect(ends(traced)).toEqual(["charlie delivered OK"]);
      expect(traced.missing).toEqual([]);
    }
  });

  it("also to a neighbour that acknowledges before it syncs, and may still lose it", async () => {
    await using mesh = await MemoryMesh.open(ROW, { bob: { syncs: false } });
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1" });
    expect((await trace(mesh, "1"))!.hops.map(({ cluster, to }) => `${cluster} > ${to}`).slice(0, 2)).toEqual([
      "alice > bob",
      "bob > charlie",
    ]);
  });

  it("and where it waits now, and why: also at a cluster on the way", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("charlie").full = true;
    await mesh.publish("alice", { id: "1" });
    const waits = async () =>
      (await trace(mesh, "1"))!.hops.map(({ cluster, waits }) =>
        [cluster, ...waits.map(({ cluster, reason }) => `${cluster} ${reason}`)].join(": ")
      );
    expect(await waits()).toEqual(["alice", "bob: charlie WAITS_FOR_NEXT_HOP"]);
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    expect(await waits()).toEqual(["alice", "bob: charlie NO_PATH"]);
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie queued WITH_NEXT_HOP"]);
  });

  it("and that it waits for the next hop, where it was parked before", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    await mesh.publish("bob", { id: "1" });
    const waits = async () => (await trace(mesh, "1"))!.hops.flatMap((hop) => hop.waits);
    mesh.get("charlie").full = true;
    mesh.join("bob-charlie");
    await mesh.clock.advance(5000);
    expect(await waits()).toEqual([{ cluster: "charlie", reason: "WAITS_FOR_NEXT_HOP" }]);
  });

  it("in one row a hop, with the times that it came, where a frame was sent again", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("bob").full = true;
    await mesh.publish("alice", { id: "1" });
    const { custody, links } = mesh.get("alice").federation;
    const [shipment] = [...links.neighbours.get("bob")!.senders.get("normal")!.inFlight()] as Shipment[];
    mesh.get("bob").full = false;
    await mesh.clock.advance(10_000);
    const rows = async () => (await trace(mesh, "1"))!.hops.map(({ cluster, attempts }) => `${cluster} ${attempts}`);
    expect(await rows()).toEqual(["alice 0", "bob 1", "charlie 1"]);
    custody.add(shipment);
    await mesh.clock.advance(200);
    expect(await rows()).toEqual(["alice 0", "bob 2", "charlie 2"]);
  });

  it("from a cluster that has never had it", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("alice", "own", "order.>");
    await mesh.publish("alice", { id: "1" });
    const traced = await trace(mesh, "1", "charlie");
    expect(ends(traced)).toEqual([]);
    expect(attempts(traced)).toEqual(["alice/own 0 pending"]);
  });

  it("nothing of an event that nobody knows", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    expect(await trace(mesh, "nope")).toBeUndefined();
  });

  it("with the clusters that did not answer", async () => {
    await using mesh = await MemoryMesh.open(ROW, { charlie: { mute: true } });
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1" });
    const traced = (await trace(mesh, "1"))!;
    expect(traced.missing).toEqual(["charlie"]);
    expect(ends(traced)).toEqual(["charlie delivered OK"]);
    expect(traced.deliveries).toEqual([]);
  });

  it("when it left the publish window long ago", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1" });
    await mesh.clock.advance(700_000);
    expect(mesh.get("alice").node.acceptor.candidates(SOURCE, "1")).toEqual([]);
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie delivered OK"]);
  });
});

describe("traceEvent() says how an event ended at a destination:", () => {
  it("parked NO_PATH, then delivered once there is one", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { id: "1" });
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie parked NO_PATH"]);
    mesh.join("alice-bob");
    await mesh.until(() => mesh.get("alice").federation.topology.table.reachable().length === 2);
    await mesh.clock.advance(2000);
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie delivered OK"]);
  });

  it("queued WAITS_FOR_NEXT_HOP while that has no room", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("bob").full = true;
    await mesh.publish("alice", { id: "1" });
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie queued WAITS_FOR_NEXT_HOP"]);
  });

  it("queued WITH_NEXT_HOP while that one waits for the destination", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("charlie").full = true;
    await mesh.publish("alice", { id: "1" });
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie queued WITH_NEXT_HOP"]);
  });

  it("parked HOP_LIMIT and LOOP_AVOIDED, the fuses against circles", async () => {
    for (const [hops, reason] of [[31, "HOP_LIMIT"], [1, "LOOP_AVOIDED"]] as const) {
      await using mesh = await MemoryMesh.open(ROW);
      await mesh.subscribe("charlie", "audit", "order.>");
      mesh.get("bob").full = true;
      await mesh.publish("alice", { id: "1" });
      const { custody, links } = mesh.get("alice").federation;
      const [shipment] = [...links.neighbours.get("bob")!.senders.get("normal")!.inFlight()] as Shipment[];
      custody.add({ ...shipment, hops: Array.from({ length: hops }, () => "bob") });
      expect(ends(await trace(mesh, "1"))).toEqual([`charlie parked ${reason}`]);
    }
  });

  it("expired: its time to live was over before it came", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("bob", "audit", "order.>");
    mesh.get("bob").full = true;
    await mesh.publish("alice", { id: "1", ttlMs: 1000 });
    await mesh.clock.advance(3000);
    mesh.get("bob").full = false;
    await mesh.clock.advance(20_000);
    expect(ends(await trace(mesh, "1"))).toEqual(["bob expired EXPIRED"]);
  });

  it("rejected DUPLICATE_ID: the same id was published at another cluster as well", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await Promise.all([mesh.publish("alice", { id: "1" }), mesh.publish("bob", { id: "1" })]);
    const traced = (await trace(mesh, "1", "charlie"))!;
    const copies = [traced, ...traced.copies];
    expect(copies.map(({ origin }) => origin.cluster).sort()).toEqual(["alice", "bob"]);
    expect(copies.flatMap((copy) => ends(copy as TracedEvent)).sort()).toEqual([
      "charlie delivered OK",
      "charlie rejected DUPLICATE_ID",
    ]);
  });

  it("evicted FORGOTTEN: its destination was given up", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { id: "1" });
    expect(mesh.get("alice").federation.forget("charlie")).toBe(1);
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie evicted FORGOTTEN"]);
  });

  it("evicted PARK_FULL: what was parked for its destination took too much room, the oldest first", async () => {
    await using mesh = await MemoryMesh.open(ROW, { alice: { bytesMax: 200_000 } });
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    for (let i = 0; i < 20; i++) await mesh.publish("alice", { id: `${i}`, data: "x".repeat(3000) });
    await mesh.clock.advance(3000);
    expect(ends(await trace(mesh, "0"))).toEqual(["charlie evicted PARK_FULL"]);
    expect(ends(await trace(mesh, "19"))).toEqual(["charlie parked NO_PATH"]);
    mesh.join("alice-bob");
    await mesh.clock.advance(20_000);
    expect(ends(await trace(mesh, "0"))).toEqual(["charlie evicted PARK_FULL"]);
    expect(ends(await trace(mesh, "19"))).toEqual(["charlie delivered OK"]);
  });

  it("where it ended on the way, before its origin knows, and then at the origin", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("charlie").full = true;
    await mesh.publish("alice", { id: "1", ttlMs: 3000 });
    mesh.cut("bob-charlie");
    await mesh.clock.advance(10_000);
    const traced = (await trace(mesh, "1"))!;
    expect(traced.hops.at(-1)).toMatchObject({ cluster: "bob", waits: [{ cluster: "charlie", reason: "EXPIRED" }] });
    mesh.get("charlie").full = false;
    mesh.join("bob-charlie");
    await mesh.clock.advance(20_000);
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie expired EXPIRED"]);
  });

  it("delivered, where this side had taken it for expired and the destination has it after all", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("charlie").full = true;
    await mesh.publish("alice", { id: "1" });
    const { books } = mesh.get("alice").federation.accounts;
    const [{ epoch }] = [...books];
    const run = { origin: "alice", epoch, firstSequence: 1, count: 1, destinations: [{ cluster: "charlie" }] };
    books.presume(run as unknown as Shipment, "expired", "EXPIRED");
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie expired EXPIRED"]);
    books.receive("charlie", epoch, { intervals: [[0, 1]], exceptions: [] });
    expect(ends(await trace(mesh, "1"))).toEqual(["charlie delivered OK"]);
  });

  it("nothing yet while its destinations are not known", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    Object.defineProperty(mesh.get("alice").federation.departures, "dispatched", { value: 0 });
    await mesh.publish("alice", { id: "1" });
    expect((await trace(mesh, "1"))!.dispatched).toBe(false);
  });
});

describe("traceEvent() says how an event ended at a subscription:", () => {
  it("acknowledged, with the attempt and when", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    mesh.get("charlie").sinks.always = { type: "acknowledged", status: 204 };
    await mesh.subscribe("charlie", "hook", "order.>", HOOK);
    await mesh.publish("alice", { id: "1" });
    const traced = (await trace(mesh, "1"))!;
    expect(attempts(traced)).toEqual(["charlie/hook 1 acknowledged"]);
    expect(traced.deliveries[0].at).toBeGreaterThan(traced.origin.at! - 1);
  });

  it("retry: each failed attempt, and that one more is to come", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    mesh.get("charlie").sinks.always = { type: "retry", reason: "503 busy" };
    await mesh.subscribe("charlie", "hook", "order.>", {
      ...HOOK,
      config: { retry: { minMs: 10_000, maxMs: 10_000 } },
    });
    await mesh.publish("alice", { id: "1" });
    const traced = (await trace(mesh, "1"))!;
    expect(attempts(traced)).toEqual(["charlie/hook 1 retry", "charlie/hook 1 pending"]);
    expect(traced.deliveries[0].detail).toBe("503 busy");
  });

  it("deadLettered, with the reason", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    mesh.get("charlie").sinks.always = { type: "reject", reason: "422 no such order" };
    await mesh.subscribe("charlie", "hook", "order.>", HOOK);
    await mesh.publish("alice", { id: "1" });
    const traced = (await trace(mesh, "1"))!;
    expect(attempts(traced)).toEqual(["charlie/hook 1 deadLettered"]);
    expect(traced.deliveries[0].detail).toContain("422 no such order");
  });

  it("filtered, and by which filter", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.subscribe("charlie", "large", "order.>", { filters: [{ sql: "amount > 100" }] });
    await mesh.publish("alice", { id: "1", attributes: { amount: 5 } });
    const traced = (await trace(mesh, "1"))!;
    expect(attempts(traced)).toEqual(["charlie/audit 0 pending", "charlie/large 0 filtered"]);
    expect(traced.deliveries[1].detail).toMatch(/^filters\[0\]/);
  });

  it("pending: it waits to be pulled, is with the subscriber, or the subscription is paused", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1" });
    const detail = async () => (await trace(mesh, "1"))!.deliveries[0].detail;
    expect(await detail()).toBe("it waits to be pulled");
    const { subscriptions } = mesh.get("charlie").node;
    await subscriptions.pull("audit", { max: 1, waitMs: 0 });
    expect(await detail()).toContain("it is with the subscriber");
    await subscriptions.setPaused("audit", true);
    expect(await detail()).toContain("paused by request");
  });

  it("expired: its time to live was over before the subscriber came for it", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1", ttlMs: 5000 });
    await mesh.clock.advance(10_000);
    await mesh.get("charlie").node.subscriptions.pull("audit", { max: 1, waitMs: 0 });
    expect(attempts(await trace(mesh, "1"))).toEqual(["charlie/audit 0 expired"]);
  });

  it("nothing of a subscription that began after the event, or that is for another scope", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.subscribe("charlie", "home", "order.>", { config: { scope: "cluster" } });
    await mesh.publish("alice", { id: "1" });
    await mesh.subscribe("charlie", "late", "order.>");
    expect(attempts(await trace(mesh, "1"))).toEqual(["charlie/audit 0 pending"]);
  });
});
