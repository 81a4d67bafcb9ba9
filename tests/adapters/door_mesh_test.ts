/** The mesh over HTTP: routes, clusters, nodes, links, interest, trace, ledger, and forgetting a cluster. */

import { Hono } from "hono";
import { describe, expect, it } from "bun:test";

import { ANYONE, type Principal } from "../../adapters/door/http/auth/mod.ts";
import { readServerSentEvents } from "../../adapters/client/server_sent_events.ts";
import type { DoorContext, DoorEnv } from "../../adapters/door/http/door_context.ts";
import { knownCluster } from "../../federation/mod.ts";
import { inspectRoutes } from "../../adapters/door/http/inspect/mod.ts";
import { toProblem } from "../../adapters/door/http/problems.ts";
import { subscriptionRoutes } from "../../adapters/door/http/subscriptions/mod.ts";
import { MemoryMesh } from "../support/memory_mesh.ts";
import { openTestDoor } from "./door_support.ts";

const ROW = ["alice-bob", "bob-charlie"];
const READER: Principal = { name: "reader", may: (action) => action !== "admin" };

// deno-lint-ignore no-explicit-any -- tests look into answers of every shape
type Body = any;

interface MeshDoor {
  open(path: string, init?: RequestInit): Promise<Response>;
  get(path: string, status?: number): Promise<Body>;
  remove(path: string): Promise<{ status: number; body: Body }>;
  drain(): void;
}

/** The HTTP door of alice. */
function doorOf(mesh: MemoryMesh, principal: Principal = ANYONE): MeshDoor {
  const { node, federation } = mesh.get("alice");
  const draining = new AbortController();
  const problems = { onFailure: (error: unknown) => void mesh.errors.push(error) };
  const context = {
    node,
    federation,
    clock: mesh.clock,
    draining: draining.signal,
    problems,
    authenticate: () => principal,
  } as unknown as DoorContext;
  const app = new Hono<DoorEnv>();
  app.use(async (c, next) => {
    c.set("principal", principal);
    await next();
  });
  for (const routes of [subscriptionRoutes, inspectRoutes]) app.route("/", routes(context));
  app.onError((error) => toProblem(error, problems));
  const open = async (path: string, init?: RequestInit) => await mesh.run(Promise.resolve(app.request(path, init)));
  return {
    open,
    get: async (path, status = 200) => {
      const response = await open(path);
      const text = await response.text();
      expect([path, response.status]).toEqual([path, status]);
      return text.startsWith("{") ? JSON.parse(text) : text;
    },
    remove: async (path) => {
      const response = await open(path, { method: "DELETE" });
      return { status: response.status, body: await response.json() };
    },
    drain: () => draining.abort(),
  };
}

async function openWithAudit(): Promise<MemoryMesh> {
  const mesh = await MemoryMesh.open(ROW);
  await mesh.subscribe("charlie", "audit", "order.>");
  return mesh;
}

describe("GET /routes in a mesh", () => {
  it("has local routes and those to other clusters, and grows its version", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    const before = await door.get("/routes");
    expect(before.routes).toMatchObject([{ pattern: "order.>", destination: "charlie", state: "active", cost: 2 }]);
    await mesh.subscribe("alice", "own", "order.>");
    const after = await door.get("/routes");
    expect(after.routes.map(({ destination }: Body) => destination)).toEqual(["alice", "charlie"]);
    expect(after.version).toBeGreaterThan(before.version);
    expect((await door.get("/routes?destination=charlie&topic=order.placed")).routes).toHaveLength(1);
  });

  it("shows them as text and as a graph, also what has no path", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    expect(await door.get("/routes?format=text")).toMatch(/order\.> +charlie +bob +alice > bob > charlie +2 +active/);
    expect(await door.get("/routes?format=dot")).toContain('"alice" -> "bob"');
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    expect(await door.get("/routes?format=text")).toMatch(/order\.> +charlie +- +- +- +parked/);
    expect(await door.get("/routes?format=dot")).toContain('"charlie" -> "pattern order.>"');
  });

  it("shows which lanes go another way: in JSON, in the text's reason, and as dotted arrows", async () => {
    const rules = { tagCosts: [{ tag: "dear", cost: 50, lanes: ["bulk"] as const }] };
    const tagged = { ...rules, tags: { alice: ["dear"] } };
    await using mesh = await MemoryMesh.open(["alice-bob", "bob-charlie", "alice-charlie"], {
      alice: rules,
      bob: rules,
      charlie: tagged,
    });
    await mesh.subscribe("charlie", "audit", "order.>");
    const door = doorOf(mesh);
    expect((await door.get("/routes")).routes[0].lanes).toMatchObject([{
      lane: "bulk",
      path: ["alice", "bob", "charlie"],
    }]);
    expect(await door.get("/routes?format=text")).toMatch(/charlie +charlie +alice > charlie .*; bulk goes over "bob"/);
    expect(await door.get("/routes?format=dot")).toContain('"alice" -> "bob" [style=dotted, label="bulk"]');
  });

  it("shows what would be without a link, by names that hold hyphens, too", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    expect((await door.get("/routes?cut=bob-charlie")).routes).toMatchObject([{ state: "parked" }]);
    expect((await door.get("/routes?cut=alice-charlie", 404)).code).toBe("LINK_UNKNOWN");
    expect((await door.get("/routes")).routes).toMatchObject([{ state: "active" }]);
  });

  it("streams what changes elsewhere", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    const messages = readServerSentEvents((await door.open("/routes?watch")).body!);
    const next = async () => JSON.parse((await mesh.run(messages.next())).value!.data);
    expect((await next()).routes).toHaveLength(1);
    await mesh.subscribe("bob", "users", "user.>");
    expect(await next()).toMatchObject({ added: [{ pattern: "user.>", destination: "bob" }], removed: [] });
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    expect((await next()).added.map(({ state }: Body) => state)).toEqual(["parked", "parked"]);
    door.drain();
  });
});

describe("GET /v1/clusters, peers, links and interest", () => {
  it("page in order, with who answered", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    const first = await door.get("/v1/clusters?limit=2");
    expect(first).toMatchObject({ clusters: [{ cluster: "alice" }, { cluster: "bob" }], next: "bob", node: "alice-1" });
    expect((await door.get("/v1/clusters?limit=2&after=bob")).clusters).toMatchObject([{ cluster: "charlie" }]);
    expect((await door.get("/v1/peers")).peers).toHaveLength(3);
    expect((await door.get("/v1/interest")).interest.map(({ told }: Body) => told)).toEqual([0, 0, 1]);
  });

  it("ask clusters that are not neighbours whether they are there, so that when they were seen is news", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    await mesh.clock.advance(200_000);
    expect(knownCluster(mesh.get("alice").federation, "charlie").lastSeenMs).toBeGreaterThan(60_000);
    const { clusters } = await door.get("/v1/clusters");
    expect(clusters.map(({ lastSeenMs }: Body) => lastSeenMs <= 1000)).toEqual([true, true, true]);
  });

  it("say what is parked for a cluster, and how old it is", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    await mesh.publish("alice");
    await mesh.clock.advance(9500);
    const { clusters } = await door.get("/v1/clusters");
    expect(clusters.map(({ parked }: Body) => parked?.events ?? null)).toEqual([null, null, 1]);
    expect(clusters[2].parked).toMatchObject({ ofOthers: 0, reasons: [{ reason: "NO_PATH", events: 1 }] });
    expect(clusters[2].parked.oldestAgeMs).toBe(10_000);
    expect(clusters[2].parked.since).toMatch(/^2030-01-01T/);
  });

  it("say of a neighbour that is lost what is parked for it", async () => {
    await using mesh = await MemoryMesh.open(ROW);
    await mesh.subscribe("bob", "audit", "order.>");
    const door = doorOf(mesh);
    expect((await door.get("/v1/links")).links).toMatchObject([{ peer: "bob", parked: null }]);
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    await mesh.publish("alice");
    expect((await door.get("/v1/links")).links).toMatchObject([{ peer: "bob", parked: { events: 1, ofOthers: 0 } }]);
  });

  it("say since when, and the age of what waits", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    mesh.get("bob").full = true;
    await mesh.publish("alice");
    await mesh.clock.advance(3000);
    const [link] = (await door.get("/v1/links")).links;
    expect(link.since).toMatch(/^2030-01-01T/);
    expect(link.lanes.find(({ lane }: Body) => lane === "normal").oldestAgeMs).toBe(3500);
    expect((await door.get("/v1/peers")).peers[0].since).toMatch(/^2030-01-01T/);
  });

  it("narrow to one cluster", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    expect((await door.get("/v1/clusters?cluster=bob")).clusters).toMatchObject([{ cluster: "bob" }]);
    expect((await door.get("/v1/interest?cluster=charlie")).interest).toMatchObject([{ cluster: "charlie", told: 1 }]);
    expect(await door.get("/v1/interest?cluster=dora")).toMatchObject({ interest: [], next: null, node: "alice-1" });
  });

  it("are empty at a node that is in no mesh", async () => {
    await using door = await openTestDoor();
    for (const plural of ["clusters", "peers", "links", "interest"]) {
      expect((await door.call("GET", `/v1/${plural}`)).body).toMatchObject({ [plural]: [], next: null });
    }
    expect((await door.call("GET", "/v1/ledger")).body).toMatchObject({ entries: [], balanced: true });
    expect((await door.call("GET", "/v1/trace?source=/a&id=1")).body.code).toBe("EVENT_NOT_FOUND");
  });
});

describe("GET /v1/explain, trace and ledger in a mesh", () => {
  it("explains for other clusters", async () => {
    await using mesh = await openWithAudit();
    const explained = await doorOf(mesh).get("/v1/explain?topic=order.placed&region=eu");
    expect(explained).toMatchObject({
      topic: "order.placed",
      destinations: [{ cluster: "charlie", reason: "OK", subscriptions: [{ id: "audit", match: true }] }],
      stopped: [],
      cluster: "alice",
    });
  });

  it("explains for a cluster that was named, and takes that for no attribute of the event", async () => {
    await using mesh = await openWithAudit();
    await mesh.subscribe("bob", "home", "order.>", { config: { scope: "cluster" } });
    const { stopped } = await doorOf(mesh).get("/v1/explain?topic=order.placed&why-not=bob");
    expect(stopped).toMatchObject([{ where: "bob", subscription: "home", reason: "OUT_OF_SCOPE" }]);
  });

  it("traces by query and by path, percent-encoded", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    await mesh.publish("alice", { id: "a/1 ü" });
    const id = encodeURIComponent("a/1 ü");
    const byQuery = await door.get(`/v1/trace?source=%2Fshops%2Falice&id=${id}`);
    const byPath = await door.get(`/v1/events/%2Fshops%2Falice/${id}/trace`);
    expect({ ...byPath, at: "" }).toEqual({ ...byQuery, at: "" });
    expect(byQuery).toMatchObject({
      source: "/shops/alice",
      id: "a/1 ü",
      origin: { cluster: "alice", sequence: 1 },
      destinations: [{ cluster: "charlie", state: "delivered", reason: "OK" }],
      deliveries: [{ cluster: "charlie", subscription: "audit", outcome: "pending", at: null }],
      copies: [],
    });
    expect(byQuery.origin.at).toMatch(/^2030-01-01T/);
    expect((await door.get("/v1/trace?source=/a&id=nope", 404)).code).toBe("EVENT_NOT_FOUND");
    expect((await door.get("/v1/trace?id=nope", 400)).code).toBe("INVALID_PARAMETER");
  });

  it("balances, in memory and recounted", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    await mesh.publish("alice");
    for (const recounted of [false, true]) {
      expect(await door.get(recounted ? "/v1/ledger?recount" : "/v1/ledger")).toMatchObject({
        entries: [{ origin: "alice", destination: "charlie", accepted: 1, delivered: 1, balanced: true }],
        balanced: true,
        recounted,
      });
    }
  });

  it("lists subscriptions of every cluster", async () => {
    await using mesh = await openWithAudit();
    await mesh.subscribe("alice", "own", "order.>");
    const { subscriptions, missing } = await doorOf(mesh).get("/v1/subscriptions?scope=mesh");
    expect(subscriptions.map(({ cluster, id }: Body) => `${cluster} ${id}`)).toEqual(["alice own", "charlie audit"]);
    expect(missing).toEqual([]);
  });
});

describe("DELETE /v1/clusters/{cluster}", () => {
  it("gives up what is owed to a cluster that is out of reach", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    mesh.cut("bob-charlie");
    await mesh.clock.advance(3000);
    await mesh.publish("alice");
    expect(await door.remove("/v1/clusters/charlie")).toMatchObject({
      status: 200,
      body: { forgot: "charlie", evicted: 1 },
    });
    expect((await door.get("/v1/ledger")).entries).toMatchObject([{ evicted: 1, parked: 0, balanced: true }]);
  });

  it("refuses one that is there, itself, and one that nobody knows", async () => {
    await using mesh = await openWithAudit();
    const door = doorOf(mesh);
    const codes = ["charlie", "alice", "dora"].map(async (name) =>
      (await door.remove(`/v1/clusters/${name}`)).body.code
    );
    expect(await Promise.all(codes)).toEqual(["CLUSTER_REACHABLE", "CLUSTER_REACHABLE", "CLUSTER_UNKNOWN"]);
  });

  it("is for admins", async () => {
    await using mesh = await openWithAudit();
    expect((await doorOf(mesh, READER).remove("/v1/clusters/charlie")).body.code).toBe("FORBIDDEN");
  });
});
