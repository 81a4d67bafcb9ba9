/** Routes, clusters, nodes, links and interest, as a node shows them. */

import { describe, expect, it } from "bun:test";

import type { DialBus } from "../../../federation/link/link_bus.ts";
import {
  areLinked,
  eachInterest,
  eachRoutes,
  type Federation,
  knownCluster,
  knownClusters,
  listLinks,
  listPeers,
  sayFarewell,
} from "../../../federation/mod.ts";
import { MemoryMesh } from "../../support/memory_mesh.ts";

const ROW = ["alice-bob", "bob-charlie"];
const TRIANGLE = [...ROW, "alice-charlie"];

const listClusters = (federation: Federation) =>
  knownClusters(federation).map((cluster) => knownCluster(federation, cluster));
const listInterest = (federation: Federation) => [...eachInterest(federation, knownClusters(federation))];

function listRoutes(federation: Federation, query?: Parameters<typeof eachRoutes>[1]) {
  return [...eachRoutes(federation, query)].flatMap(({ way, patterns }) =>
    patterns.map((pattern) => ({ ...way, ...pattern }))
  );
}

describe("eachRoutes()", () => {
  it("has a route for each pattern that another cluster wants, once for all groups of it", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    await mesh.subscribe("charlie", "worker", "order.>", { config: { group: "workers" } });
    await mesh.subscribe("alice", "own", "order.>");
    await mesh.clock.advance(1000);
    const routes = listRoutes(mesh.get("alice").federation);
    expect(routes).toMatchObject([{
      pattern: "order.>",
      destination: "charlie",
      nextHop: "bob",
      path: ["alice", "bob", "charlie"],
      state: "active",
      origin: "charlie",
      alternate: null,
    }]);
    expect(mesh.clock.now() - routes[0].since).toBeGreaterThanOrEqual(1000);
  });

  it("narrows to a topic and to a destination; topics of the nodes' own take none", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "all", ">");
    await mesh.subscribe("bob", "audit", "order.>");
    const { federation } = mesh.get("alice");
    const names = (query: Parameters<typeof listRoutes>[1]) =>
      listRoutes(federation, query).map(({ pattern, destination }) => `${pattern} ${destination}`);
    expect(names({ topic: "user.created" })).toEqual(["> charlie"]);
    expect(names({ destination: "bob" })).toEqual(["order.> bob"]);
    expect(names({ topic: "weft-system.link.up" })).toEqual([]);
  });

  it("has the same list of patterns until something of that cluster changes", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("bob", "audit", "order.>");
    await mesh.subscribe("charlie", "audit", "order.>");
    const lists = () => [...eachRoutes(mesh.get("alice").federation)].map(({ patterns }) => patterns);
    const before = lists();
    await mesh.subscribe("charlie", "users", "user.>");
    await mesh.clock.advance(500);
    const after = lists();
    expect(after.map((list, i) => list === before[i])).toEqual([true, false]);
    expect(after[1].map(({ pattern }) => pattern)).toEqual(["order.>", "user.>"]);
  });

  it("says what has no path", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    expect(listRoutes(mesh.get("alice").federation)).toMatchObject([
      { destination: "charlie", state: "parked", nextHop: null, path: [], cost: null },
    ]);
  });

  it("answers as if a link were cut, which it is not", async () => {
    await using mesh = await MemoryMesh.open(TRIANGLE);
    await mesh.subscribe("charlie", "audit", "order.>");
    const { federation } = mesh.get("alice");
    expect(listRoutes(federation, { cut: ["alice", "charlie"] })[0].path).toEqual(["alice", "bob", "charlie"]);
    expect(listRoutes(federation)[0].path).toEqual(["alice", "charlie"]);
    expect(areLinked(federation, "charlie", "alice")).toBe(true);
    mesh.cut("alice-charlie");
    await mesh.clock.advance(2000);
    expect(areLinked(federation, "charlie", "alice")).toBe(false);
  });
});

describe("knownCluster()", () => {
  it("knows itself and every other, with the path, the alternate and when it was heard", async () => {
    await using mesh = await MemoryMesh.open(TRIANGLE);
    const [alice, bob] = listClusters(mesh.get("alice").federation);
    expect(alice).toMatchObject({ cluster: "alice", reachable: true, path: ["alice"], cost: 0, nextHop: null });
    expect(bob).toMatchObject({ cluster: "bob", reachable: true, path: ["alice", "bob"], alternate: "charlie" });
    expect(bob.lastSeenMs).toBeLessThanOrEqual(1000);
  });

  it("says of a lost neighbour when it was last heard, not when it last told something new", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.clock.advance(60_000);
    mesh.cut("alice-bob");
    await mesh.clock.advance(5000);
    const bob = listClusters(mesh.get("alice").federation).find(({ cluster }) => cluster === "bob")!;
    expect(bob.reachable).toBe(false);
    expect(bob.lastSeenMs).toBeGreaterThanOrEqual(5000);
    expect(bob.lastSeenMs).toBeLessThanOrEqual(6000);
  });

  it("says what is parked for one here, also of others on its way, since when and why", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    const parked = () => listClusters(mesh.get("bob").federation).find(({ cluster }) => cluster === "charlie")!.parked;
    expect(parked()).toBeNull();
    mesh.cut("bob-charlie");
    await mesh.publish("alice", { id: "1" });
    await mesh.publish("bob", { id: "2" });
    await mesh.clock.advance(4000);
    expect(parked()).toMatchObject({
      events: 2,
      ofOthers: 1,
      oldestPosition: 1,
      reasons: [{ reason: "NO_PATH", events: 2 }],
    });
    expect(parked()!.bytes).toBeGreaterThan(100);
    expect([parked()!.sinceMs >= 4500, parked()!.sinceMs <= 6000]).toEqual([true, true]);
    mesh.join("bob-charlie");
    await mesh.clock.advance(20_000);
    expect(parked()).toBeNull();
  });

  it("says where the way to one broke, wherever that is", async () => {
    await using mesh = await MemoryMesh.open([...ROW, "charlie-dora", "alice-erin", "erin-dora"]);
    const why = (cluster: string) => knownCluster(mesh.get("alice").federation, cluster).why;
    expect([why("alice"), why("dora")]).toEqual([null, null]);
    mesh.cut("charlie-dora");
    mesh.cut("erin-dora");
    await mesh.clock.advance(5000);
    expect(why("dora")).toContain('the link of "charlie" with "dora" is down, the link of "erin" with "dora" is down');
    expect(why("dora")).toContain("`weft links`");
    expect(why("charlie")).toBeNull();
    mesh.cut("bob-charlie");
    await mesh.clock.advance(5000);
    expect(why("charlie")).toContain('the link of "bob" with "charlie" is down');
    mesh.cut("alice-erin");
    await mesh.clock.advance(5000);
    expect(why("erin")).toContain('the link with "erin" is down (cut by the test)');
  });

  it("says of one that was stopped that it was", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.run(new Promise<void>((resolve) => sayFarewell(mesh.get("charlie").federation, resolve)));
    await mesh.clock.advance(5000);
    expect(knownCluster(mesh.get("alice").federation, "charlie").why).toContain("stopped as planned");
  });

  it("keeps one that is out of reach", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    mesh.cut("alice-bob");
    await mesh.clock.advance(10_000);
    const charlie = listClusters(mesh.get("alice").federation).find(({ cluster }) => cluster === "charlie")!;
    expect(charlie).toMatchObject({ reachable: false, path: [], cost: null });
    expect(charlie.lastSeenMs).toBeGreaterThanOrEqual(10_000);
  });
});

describe("listPeers()", () => {
  it("is alive, suspect, then dead, as a cluster gets out of reach, and alive again", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    const state = () => listPeers(mesh.get("alice").federation).map(({ id, state }) => `${id} ${state}`);
    expect(state()).toEqual(["alice-1 alive", "bob-1 alive"]);
    mesh.cut("alice-bob");
    await mesh.clock.advance(5000);
    expect(state()).toEqual(["alice-1 alive", "bob-1 suspect"]);
    await mesh.clock.advance(30_000);
    expect(state()).toEqual(["alice-1 alive", "bob-1 dead"]);
    mesh.join("alice-bob");
    await mesh.until(() => state()[1] === "bob-1 alive");
    expect(mesh.get("alice").notices.map(({ code }) => code)).toEqual([
      "LINK_UP",
      "CLUSTER_FOUND",
      "CLUSTER_LOST",
      "LINK_DOWN",
      "LINK_UP",
      "CLUSTER_FOUND",
    ]);
  });
});

describe("listLinks()", () => {
  it("says which side dialled, what waits, and why a link is down", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    await mesh.subscribe("bob", "audit", "order.>");
    mesh.get("bob").full = true;
    await mesh.publish("alice");
    const [link] = listLinks(mesh.get("alice").federation);
    expect(link).toMatchObject({ peer: "bob", state: "up", direction: "inbound", url: "nats://bob", downs: 0 });
    expect(link.lanes.find(({ lane }) => lane === "normal")).toMatchObject({
      queued: 0,
      unacked: 1,
      unackedEvents: 1,
      oldestPosition: 1,
      paused: true,
    });
    expect(listLinks(mesh.get("bob").federation)[0].direction).toBe("outbound");
    mesh.cut("alice-bob");
    await mesh.clock.advance(1000);
    expect(listLinks(mesh.get("alice").federation)).toMatchObject([
      { state: "down", rttMs: null, cost: null, lastError: "cut by the test", downs: 1 },
    ]);
  });

  it("says why a neighbour that was lost cannot be dialled any more", async () => {
    const failure = { code: "TOKEN_REFUSED" as const, detail: "the tokens differ" };
    const dial: DialBus = (_, __, done) => {
      done({ failure });
      return () => undefined;
    };
    await using mesh = await MemoryMesh.open(["alice-bob"], { bob: { join: ["nats://alice"], dial } });
    const link = () => listLinks(mesh.get("bob").federation);
    await mesh.clock.advance(20_000);
    expect(link()).toMatchObject([{ peer: "alice", state: "up", lastError: null }]);
    mesh.cut("alice-bob");
    await mesh.clock.advance(20_000);
    expect(link()).toMatchObject([{ peer: "alice", state: "down", lastError: "TOKEN_REFUSED: the tokens differ" }]);
  });
});

describe("listLinks() of a link that is not up", () => {
  it("says when this side dials next, how often it has, and that the other side does not", async () => {
    const failure = { code: "UNREACHABLE" as const, detail: "nobody there" };
    const dial: DialBus = (_, __, done) => {
      done({ failure });
      return () => undefined;
    };
    await using mesh = await MemoryMesh.open(["alice-bob"], { bob: { join: ["nats://alice", "nats://zoe"], dial } });
    const links = () => listLinks(mesh.get("bob").federation);
    expect(links()[0]).toMatchObject({ peer: "alice", state: "up", dialAttempts: null, nextDialInMs: null });
    await mesh.clock.advance(20_000);
    expect(links()[1]).toMatchObject({ peer: null, url: "nats://zoe", lastError: "UNREACHABLE: nobody there" });
    const [before, after] = [links()[1].nextDialInMs!, (await mesh.clock.advance(100), links()[1].nextDialInMs!)];
    expect([before - after, links()[1].dialAttempts! > 3]).toEqual([100, true]);
    mesh.cut("alice-bob");
    await mesh.clock.advance(1000);
    expect(links()[0]).toMatchObject({ peer: "alice", state: "down", lastError: "UNREACHABLE: nobody there" });
    expect(links()[0].nextDialInMs).toBeGreaterThan(0);
    expect(links()[0].dialState).toBe("waiting");
    expect(listLinks(mesh.get("alice").federation)).toMatchObject([{ dialAttempts: null, nextDialInMs: null }]);
  });

  it("says for which destinations a neighbour is spared, and what is kept aside for that", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("charlie", "audit", "order.>");
    mesh.get("bob").federation.links.congested = { congested: ["charlie"] };
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { id: "1" });
    const [link] = listLinks(mesh.get("alice").federation);
    expect(link.congested).toEqual(["charlie"]);
    expect(link.lanes.find(({ lane }) => lane === "normal")).toMatchObject({ queued: 0, aside: 1, oldestPosition: 1 });
  });
});

describe("eachInterest()", () => {
  it("says which groups are defined otherwise elsewhere, on either side and in between", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("bob", "b", "order.>", { config: { group: "workers" } });
    await mesh.subscribe("charlie", "c", "user.>", { config: { group: "workers" } });
    for (const asked of ["alice", "bob", "charlie"]) {
      expect(listInterest(mesh.get(asked).federation).map(({ conflicts }) => conflicts)).toEqual([
        [],
        [{ group: "workers", pattern: "order.>", others: [{ pattern: "user.>", clusters: ["charlie"] }] }],
        [{ group: "workers", pattern: "user.>", others: [{ pattern: "order.>", clusters: ["bob"] }] }],
      ]);
    }
  });

  it("has what each cluster told, its own included", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    await mesh.subscribe("alice", "own", "user.*");
    await mesh.subscribe("bob", "audit", "order.>", { filters: [{ exact: { region: "eu" } }] });
    expect(listInterest(mesh.get("alice").federation)).toMatchObject([
      { cluster: "alice", told: 1, wants: [{ pattern: "user.*" }] },
      { cluster: "bob", told: 1, standsFor: 1, wants: [{ pattern: "order.>", filter: { exact: { region: "eu" } } }] },
    ]);
  });
});

describe("what people see of lanes for which links cost differently", () => {
  async function openTriangle(cost: number): Promise<MemoryMesh> {
    const rules = { tagCosts: [{ tag: "satellite", cost, lanes: ["bulk"] as const }] };
    const charlie = { ...rules, tags: { alice: ["satellite"] } };
    const mesh = await MemoryMesh.open(TRIANGLE, { alice: rules, bob: rules, charlie });
    await mesh.subscribe("charlie", "audit", ">");
    return mesh;
  }

  it("a route says which lanes go another way, and nothing where none does", async () => {
    await using mesh = await openTriangle(100);
    const [route] = listRoutes(mesh.get("alice").federation);
    expect(route).toMatchObject({ nextHop: "charlie", state: "active" });
    expect(route.lanes).toMatchObject([{ lane: "bulk", nextHop: "bob", path: ["alice", "bob", "charlie"], cost: 2 }]);
    expect(listRoutes(mesh.get("bob").federation)[0].lanes).toBeUndefined();
  });

  it("a route of a topic is that of its lane", async () => {
    await using mesh = await openTriangle(100);
    const { federation } = mesh.get("alice");
    const bulk = { ...federation, options: { ...federation.options, traffic: [{ pattern: ">", lane: "bulk" }] } };
    expect(listRoutes(bulk as unknown as Federation, { topic: "order.placed" })[0].path).toEqual([
      "alice",
      "bob",
      "charlie",
    ]);
  });

  it("a lane without a way is parked, and the cluster says why, though others reach it", async () => {
    await using mesh = await openTriangle(Infinity);
    mesh.cut("alice-bob");
    await mesh.clock.advance(3000);
    const { federation } = mesh.get("alice");
    const [route] = listRoutes(federation, { destination: "charlie" });
    expect([route.state, route.lanes?.map(({ lane, state }) => `${lane} ${state}`)]).toEqual(["active", [
      "bulk parked",
    ]]);
    expect(route.lanes![0].reason).toContain('no path to "charlie" that lane bulk may take');
    expect(knownCluster(federation, "charlie")).toMatchObject({ reachable: true, nextHop: "charlie" });
    expect(knownCluster(federation, "charlie").why).toContain('the tag "satellite"');
  });

  it("both ends show the tags that one of them gave the link", async () => {
    await using mesh = await openTriangle(100);
    const tagsAt = (cluster: string, of: string) =>
      listLinks(mesh.get(cluster).federation).find(({ peer }) => peer === of)!.tags;
    expect([tagsAt("charlie", "alice"), tagsAt("alice", "charlie"), tagsAt("alice", "bob")])
      .toEqual([["satellite"], ["satellite"], []]);
  });
});
