/** What `explain` says of an event in a mesh of real nodes, for each cause that keeps it from somebody. */

import { describe, expect, it } from "bun:test";

import { type ExplainedEvent, explainEvent } from "../../../adapters/federation/mod.ts";
import { anEvent, type EventOverrides } from "../../support/events.ts";
import { MemoryMesh } from "../../support/memory_mesh.ts";

/** Alice, bob and charlie in a row. */
const ROW = ["alice-bob", "bob-charlie"];
const TRIANGLE = [...ROW, "alice-charlie"];

async function explain(mesh: MemoryMesh, event: EventOverrides = {}, at = "alice"): Promise<ExplainedEvent> {
  const made = anEvent(event);
  const { node, federation } = mesh.get(at);
  return await mesh.run(explainEvent({ node, federation }, made.attributes.type, made));
}

/** `charlie/audit FILTERED`, one for each stop. */
function stops({ stopped }: ExplainedEvent): string[] {
  return stopped.map(({ where, subscription, reason }) => `${where}/${subscription ?? "-"} ${reason}`);
}

describe("explainEvent() says of what arrives", () => {
  it("OK: the path to a cluster, and who gets it there", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    const explained = await explain(mesh);
    expect(explained.destinations).toMatchObject([{
      cluster: "charlie",
      path: ["alice", "bob", "charlie"],
      state: "active",
      reason: "OK",
      subscriptions: [{ id: "audit", group: null, match: true }],
    }]);
    expect(explained.stopped).toEqual([]);
  });

  it("OK: a local subscriber beside one elsewhere", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("alice", "own", "order.placed");
    await mesh.subscribe("bob", "audit", "order.>");
    const { destinations } = await explain(mesh);
    expect(destinations).toMatchObject([{ cluster: "alice", state: "local", cost: 0 }, { cluster: "bob" }]);
  });

  it("match null: the cluster did not answer within a second", async () => {
    await using mesh = await MemoryMesh.open(ROW, { charlie: { mute: true } });
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.subscribe("charlie", "billing", "order.>", { config: { group: "billing" } });
    const before = mesh.clock.now();
    const { destinations } = await explain(mesh);
    expect(destinations[0].subscriptions).toEqual([
      { id: null, group: null, match: null },
      { id: null, group: "billing", match: null },
    ]);
    expect(mesh.clock.now() - before).toBeLessThanOrEqual(1100);
  });

  it("another path: a link is down, and there is a way around it", async () => {
    await using mesh = await MemoryMesh.open(TRIANGLE);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.cut("alice-charlie");
    await mesh.clock.advance(2000);
    expect((await explain(mesh)).destinations).toMatchObject([{ path: ["alice", "bob", "charlie"], reason: "OK" }]);
  });
});

describe("explainEvent() says what stops an event:", () => {
  it("NO_SUBSCRIBER: nobody in the mesh wants the topic", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    const explained = await explain(mesh);
    expect(explained.destinations).toEqual([]);
    expect(stops(explained)).toEqual(["alice/- NO_SUBSCRIBER"]);
  });

  it("FILTERED: an exact filter stops it at its origin, and is named by its own cluster", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "eu", "order.>", { filters: [{ exact: { region: "eu" } }] });
    const explained = await explain(mesh, { attributes: { region: "us" } });
    expect(explained.destinations).toEqual([]);
    expect(stops(explained)).toEqual(["charlie/eu FILTERED"]);
    expect(explained.stopped[0].detail).toMatch(/^filters\[0\]\.exact\.region: /);
  });

  it("FILTERED: the same where the cluster does not answer, by what is known here", async () => {
    await using mesh = await MemoryMesh.open(ROW, { charlie: { mute: true } });
    await mesh.subscribe("charlie", "eu", "order.>", { filters: [{ exact: { region: "eu" } }] });
    const explained = await explain(mesh, { attributes: { region: "us" } });
    expect(stops(explained)).toEqual(["charlie/- FILTERED"]);
    expect(explained.stopped[0].detail).toContain('exact: region is not "eu"');
  });

  it("FILTERED: an expression that stays at home, so that the event travels and is stopped there", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "large", "order.>", { filters: [{ sql: "amount > 100" }] });
    const explained = await explain(mesh, { attributes: { amount: 5 } });
    expect(explained.destinations).toMatchObject([{ cluster: "charlie", reason: "FILTERED", subscriptions: [] }]);
    expect(stops(explained)).toEqual(["charlie/large FILTERED"]);
  });

  it("FILTERED: by type, and by source", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("bob", "by-type", "order.>", { types: ["order.cancelled"] });
    await mesh.subscribe("charlie", "by-source", "order.>", { source: "/shops/dora" });
    const { stopped } = await explain(mesh);
    const details = stopped.map(({ subscription, detail }) => `${subscription} ${detail.split(":")[0]}`);
    expect(details.sort()).toEqual(["by-source source", "by-type types"]);
  });

  it("PARKED: there is no path, and the link that is down is named", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.cut("alice-bob");
    await mesh.until(() => mesh.get("alice").federation.topology.table.reachable().length === 0);
    const explained = await explain(mesh);
    expect(explained.destinations).toMatchObject([{ cluster: "charlie", state: "parked", path: [], cost: null }]);
    expect(stops(explained)).toEqual(["charlie/- PARKED"]);
    expect(explained.stopped[0].detail).toContain('the link with "bob" is down (cut by the test)');
  });

  it("PAUSED: the subscription elsewhere is paused", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.get("charlie").node.subscriptions.setPaused("audit", true);
    const explained = await explain(mesh);
    expect(explained.destinations).toMatchObject([{ cluster: "charlie", reason: "PAUSED" }]);
    expect(stops(explained)).toEqual(["charlie/audit PAUSED"]);
  });

  it("EXPIRED: the subscription elsewhere has expired beside one that has not", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.subscribe("charlie", "short", "order.>", { config: { expiresInMs: 1000 } });
    await mesh.clock.advance(2000);
    expect(stops(await explain(mesh))).toEqual(["charlie/short EXPIRED"]);
  });

  it("SINK_FAILING: the sink elsewhere is being spared", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    const { sinks } = mesh.get("charlie");
    sinks.always = { type: "retry", reason: "connection refused" };
    await mesh.subscribe("charlie", "hook", "order.>", { protocol: "HTTP", sink: "http://sink.example/" });
    for (let i = 0; i < 12; i++) await mesh.publish("alice");
    const explained = await explain(mesh);
    expect(stops(explained)).toEqual(["charlie/hook SINK_FAILING"]);
    expect(explained.stopped[0].detail).toContain("connection refused");
  });

  it("OUT_OF_SCOPE: the subscription takes only what is published in its cluster", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.subscribe("charlie", "home", "order.>", { config: { scope: "cluster" } });
    expect(stops(await explain(mesh))).toEqual(["charlie/home OUT_OF_SCOPE"]);
    expect((await explain(mesh, {}, "charlie")).destinations[0].subscriptions).toHaveLength(2);
  });

  it("OUT_OF_SCOPE: the same where nothing else of that cluster is known here", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "home", "order.>", { config: { scope: "cluster" } });
    await mesh.subscribe("charlie", "users", "user.>", { config: { scope: "cluster" } });
    const explained = await explain(mesh);
    expect(explained.destinations).toEqual([]);
    expect(stops(explained)).toEqual(["charlie/home OUT_OF_SCOPE"]);
  });

  it("NOT_TOLD: somebody there has begun to want it just now, which is not known here yet", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    const body = { protocol: "PULL", config: { topic: "order.>" } };
    await mesh.get("charlie").node.subscriptions.put("late", body);
    expect(stops(await explain(mesh))).toEqual(["charlie/- NOT_TOLD"]);
    await mesh.clock.advance(1000);
    expect(stops(await explain(mesh))).toEqual([]);
  });

  it("GROUP_ELSEWHERE: a nearer cluster was picked for the group", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    for (const cluster of ["bob", "charlie"]) {
      await mesh.subscribe(cluster, `worker-${cluster}`, "order.>", { config: { group: "workers" } });
    }
    const explained = await explain(mesh);
    expect(explained.destinations.map(({ cluster }) => cluster)).toEqual(["bob"]);
    expect(stops(explained)).toContain("charlie/- GROUP_ELSEWHERE");
  });

  it("GROUP_ELSEWHERE: another cluster was picked, since there is no path to the nearer one", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob", "alice-charlie"]);
    for (const cluster of ["bob", "charlie"]) {
      await mesh.subscribe(cluster, `worker-${cluster}`, "order.>", { config: { group: "workers" } });
    }
    mesh.cut("alice-bob");
    await mesh.clock.advance(3000);
    const explained = await explain(mesh);
    expect(explained.destinations.map(({ cluster }) => cluster)).toEqual(["charlie"]);
    const stop = explained.stopped.find(({ where }) => where === "bob")!;
    expect(stop.reason).toBe("GROUP_ELSEWHERE");
    expect(stop.detail).toContain('no path to this one, the link with "bob" is down (cut by the test)');
  });

  it("GROUP_ELSEWHERE: the group has a member here, which gets it", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    for (const cluster of ["alice", "charlie"]) {
      await mesh.subscribe(cluster, `worker-${cluster}`, "order.>", { config: { group: "workers" } });
    }
    const explained = await explain(mesh);
    expect(explained.destinations.map(({ cluster }) => cluster)).toEqual(["alice"]);
    expect(explained.stopped[0].detail).toContain("has a member in this cluster");
  });

  it("EVENT_EXPIRED: its time to live is over before it is published", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("alice", "own", "order.>");
    await mesh.subscribe("charlie", "audit", "order.>");
    const explained = await explain(mesh, { attributes: { expirytime: "2001-01-01T00:00:00Z" } });
    expect(stops(explained)).toEqual(["alice/own EVENT_EXPIRED", "charlie/audit EVENT_EXPIRED"]);
    expect(explained.destinations).toMatchObject([{ cluster: "charlie", reason: "EVENT_EXPIRED" }]);
  });

  it("NOT_SYNCED: what others want is not known yet", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    const { federation } = mesh.get("alice");
    Object.defineProperty(federation.departures, "held", { value: true });
    expect(stops(await explain(mesh))).toEqual(["charlie/- NOT_SYNCED"]);
  });

  it("BACK_PRESSURE: the next hop has no room", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("bob").full = true;
    await mesh.publish("alice");
    const explained = await explain(mesh);
    expect(explained.destinations).toMatchObject([{ cluster: "charlie", reason: "BACK_PRESSURE", state: "active" }]);
    expect(stops(explained)).toEqual(["charlie/- BACK_PRESSURE", "bob/- NO_ROOM"]);
    expect(stops(await explain(mesh, { type: "user.created" }))).toEqual(["alice/- NO_SUBSCRIBER"]);
  });

  it("BACK_PRESSURE: so much is under way to the next hop that it has to acknowledge some first", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    const sender = mesh.get("alice").federation.links.neighbours.get("bob")!.senders.get("normal")!;
    const state = { ...sender.state, credit: 0, unacked: 7 };
    Object.defineProperty(sender, "state", { get: () => state });
    const explained = await explain(mesh);
    expect(stops(explained)).toEqual(["charlie/- BACK_PRESSURE"]);
    expect(explained.stopped[0].detail).toBe('lane normal to "bob" is full: 7 frames wait for its acknowledgement');
  });

  it("BACK_PRESSURE: the next hop says that the way beyond it is congested", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("bob").federation.links.congested = { congested: ["charlie"] };
    await mesh.clock.advance(1000);
    expect((await explain(mesh)).stopped[0].detail).toContain("congested");
  });

  it("DUPLICATE_ID: an event of that source and id was published before", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.publish("alice", { id: "1" });
    expect(stops(await explain(mesh, { id: "1" }))).toEqual(["alice/- DUPLICATE_ID"]);
    expect(stops(await explain(mesh, { id: "2" }))).toEqual([]);
  });

  it("STORE_FULL: the node here has no room, so that nothing is accepted at all", async () => {
    await using mesh = await MemoryMesh.open(ROW, { alice: { bytesMax: 20_000 } });
    await mesh.subscribe("alice", "keeps", "order.>");
    let refused: unknown;
    for (let i = 0; i < 100 && refused === undefined; i++) {
      await mesh.publish("alice", { data: "x".repeat(1000) }).catch((error) => refused = error);
    }
    expect((refused as Error).name).toBe("StoreFullError");
    expect(stops(await explain(mesh))).toEqual(["alice/- STORE_FULL"]);
  });

  it("NO_ROOM: the destination, far away, has told its neighbour to wait, and says why", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("charlie").full = true;
    await mesh.publish("alice", { id: "1" });
    const explained = await explain(mesh, { id: "2" });
    expect(explained.destinations).toMatchObject([{ cluster: "charlie", reason: "NO_ROOM", state: "active" }]);
    expect(explained.destinations[0].detail).toContain('no room for what "bob" sends');
    expect(stops(explained)).toEqual(["charlie/- NO_ROOM"]);
    expect(mesh.get("charlie").notices.map(({ code }) => code)).toContain("NO_ROOM");
    mesh.get("charlie").full = false;
    await mesh.clock.advance(20_000);
    expect(stops(await explain(mesh, { id: "2" }))).toEqual([]);
  });

  it("STOPPING: the node here is about to stop, and takes nothing more", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("alice").node.beginDrain();
    expect(stops(await explain(mesh))).toEqual(["alice/- STOPPING"]);
  });

  it("GROUP_CONFLICT, as a warning: each of two definitions of a group gets its own copy", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("bob", "b", "order.>", { config: { group: "workers" } });
    await mesh.subscribe("charlie", "c", "order.placed", { config: { group: "workers" } });
    await mesh.subscribe("charlie", "u", "user.>", { config: { group: "users" } });
    const explained = await explain(mesh);
    expect(explained.destinations.map(({ cluster }) => cluster)).toEqual(["bob", "charlie"]);
    expect(explained.warnings).toMatchObject([
      { reason: "GROUP_CONFLICT", group: "workers", clusters: ["bob", "charlie"] },
    ]);
    expect(explained.warnings[0].detail).toContain('topic "order.placed" and its filters in charlie');
    expect((await explain(mesh, {}, "bob")).warnings).toHaveLength(1);
    expect((await explain(mesh, { type: "user.created" })).warnings).toEqual([]);
    expect(stops(explained)).toEqual([]);
  });

  it("nothing of others for topics of the node's own, which stay in their cluster", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "trouble", "weft-system.>");
    expect(stops(await explain(mesh, { type: "weft-system.link.down" }))).toEqual(["alice/- NO_SUBSCRIBER"]);
  });
});

describe("explainEvent() of lanes for which links cost differently", () => {
  const openTriangle = (cost: number): Promise<MemoryMesh> => {
    const rules = {
      tagCosts: [{ tag: "satellite", cost, lanes: ["bulk"] as const }],
      traffic: [{ pattern: "metrics.>", lane: "bulk" as const }],
    };
    const charlie = { ...rules, tags: { alice: ["satellite"] } };
    return MemoryMesh.open(TRIANGLE, { alice: rules, bob: rules, charlie });
  };

  it("says for each topic the path that its lane takes", async () => {
    await using mesh = await openTriangle(100);
    await mesh.subscribe("charlie", "audit", ">");
    expect((await explain(mesh)).destinations[0].path).toEqual(["alice", "charlie"]);
    expect((await explain(mesh, { type: "metrics.cpu" })).destinations[0].path).toEqual(["alice", "bob", "charlie"]);
  });

  it("PARKED: the only way left has a link that its lane never takes, which it names", async () => {
    await using mesh = await openTriangle(Infinity);
    await mesh.subscribe("charlie", "audit", ">");
    mesh.cut("alice-bob");
    await mesh.clock.advance(3000);
    expect(stops(await explain(mesh))).toEqual([]);
    const explained = await explain(mesh, { type: "metrics.cpu" });
    expect(stops(explained)).toEqual(["charlie/- PARKED"]);
    expect(explained.stopped[0].detail).toBe(
      'no path to "charlie" (each way there has a link with the tag "satellite", which federation.tagCosts forbids ' +
        "events of lane bulk): it waits here until there is one",
    );
  });
});
