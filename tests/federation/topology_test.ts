import { describe, expect, it } from "bun:test";

import type { TagCost } from "../../federation/mod.ts";
import { encodeLinkState, type LinkState, parseLinkState } from "../../federation/routing/paths/mod.ts";
import type { MeshRecord } from "../../federation/routing/records/mod.ts";
import { Topology } from "../../federation/routing/topology.ts";
import { FakeWorld } from "../support/fake_world.ts";

function aRecord(origin: string, body: Uint8Array): MeshRecord {
  return { origin, kind: "topology", shard: 0, epoch: 1, version: 1, lifetimeMs: 1000, body };
}

class Setup {
  readonly world = new FakeWorld();
  readonly said: LinkState[] = [];
  readonly notices: string[] = [];
  settings: Record<string, { cost: number; tags: readonly string[] }> = {};
  routes = 0;
  readonly topology: Topology;

  constructor(tagCosts: readonly TagCost[] = []) {
    this.topology = new Topology({
      world: this.world,
      self: "alice",
      node: { id: "alice-1", runtime: "bun", version: "1", since: 0 },
      tagCosts,
      setting: (peer) => this.settings[peer] ?? { cost: 0, tags: [] },
      originate: (body) => {
        const parsed = parseLinkState(body);
        if ("problem" in parsed) throw new Error(parsed.problem);
        this.said.push(parsed.state);
        this.topology.install(aRecord("alice", body));
      },
      onRoutes: () => this.routes++,
      onNotice: ({ code, peer }) => this.notices.push(`${code} ${peer}`),
    });
    this.topology.start();
  }

  /** Another cluster says what its links are, all of cost 1. */
  hear(origin: string, ...peers: readonly string[]): void {
    const links = peers.map((peer) => ({ peer, cost: 1, up: true }));
    this.topology.install(aRecord(origin, encodeLinkState({ links })));
  }

  get links(): string[] {
    return this.said.at(-1)!.links.map(({ peer, cost }) => `${peer} ${cost}`);
  }
}

/** Alice – bob – charlie, and alice – dora – charlie. */
function aRing(): Setup {
  const setup = new Setup();
  setup.topology.linkUp("bob", 1);
  setup.topology.linkUp("dora", 1);
  setup.hear("bob", "alice", "charlie");
  setup.hear("charlie", "bob", "dora");
  setup.hear("dora", "alice", "charlie");
  setup.world.advance(10);
  return setup;
}

describe("Topology of this cluster", () => {
  it("says that it is here before it has a link", () => {
    const setup = new Setup();
    expect(setup.said).toMatchObject([{ links: [], nodes: [{ id: "alice-1" }] }]);
  });

  it("says at once which links are up, by name, with their round trip as cost", () => {
    const setup = new Setup();
    setup.topology.linkUp("dora", 30);
    setup.topology.linkUp("bob", 5);
    expect(setup.links).toEqual(["bob 5", "dora 30"]);
  });

  it("adds what the operator says that a link costs, and its tags", () => {
    const setup = new Setup();
    setup.settings = { bob: { cost: 100, tags: ["eu"] } };
    setup.topology.linkUp("bob", 5);
    expect(setup.said.at(-1)!.links).toEqual([{ peer: "bob", cost: 105, tags: ["eu"], up: true }]);
    expect(setup.topology.costOf("bob")).toBe(105);
  });

  it("says at once that a link is down", () => {
    const setup = new Setup();
    setup.topology.linkUp("bob", 5);
    setup.topology.linkDown("bob");
    expect(setup.links).toEqual([]);
  });

  it("says a new cost only when the round trip has really changed", () => {
    const setup = new Setup();
    setup.topology.linkUp("bob", 100);
    const before = setup.said.length;
    setup.topology.noteRtt("bob", 110);
    setup.topology.noteRtt("bob", 300);
    expect(setup.said.length).toBe(before);
    setup.world.advance(6000);
    setup.topology.noteRtt("bob", 300);
    expect(setup.links).toEqual(["bob 300"]);
  });

  it("says no cost of a link that is down", () => {
    const setup = new Setup();
    setup.topology.linkUp("bob", 100);
    setup.topology.linkDown("bob");
    const before = setup.said.length;
    setup.topology.noteRtt("bob", 300);
    setup.world.advance(6000);
    setup.topology.noteRtt("bob", 300);
    setup.topology.noteRtt("eve", 300);
    expect(setup.said.length).toBe(before);
  });

  it("takes events without custody, and says so; of others it knows what they say", () => {
    const setup = new Setup();
    expect([setup.said.at(-1)!.classes, setup.topology.takesBestEffort("alice")]).toEqual([[
      "custody",
      "best-effort",
    ], true]);
    const before = setup.topology.installs;
    setup.hear("bob", "alice");
    expect([setup.topology.takesBestEffort("bob"), setup.topology.takesBestEffort("nobody")]).toEqual([false, false]);
    expect(setup.topology.installs).toBe(before + 1);
  });

  it("does not take one odd measure before a link went down, and one after it is up, for a lasting change", () => {
    const setup = new Setup();
    setup.topology.linkUp("bob", 100);
    setup.topology.noteRtt("bob", 300);
    setup.topology.linkDown("bob");
    setup.world.advance(6000);
    setup.topology.linkUp("bob", 300);
    expect(setup.links).toEqual(["bob 100"]);
  });

  it("waits for nothing while no link is held back", () => {
    const setup = new Setup();
    setup.topology.linkUp("bob", 5);
    setup.world.advance(10);
    expect(setup.world.pending).toBe(0);
  });

  it("holds a link back that comes and goes, and says when it may be used", () => {
    const setup = new Setup();
    for (let i = 0; i < 4; i++) {
      setup.topology.linkUp("bob", 5);
      setup.topology.linkDown("bob");
    }
    setup.topology.linkUp("bob", 5);
    expect([setup.links, setup.notices]).toEqual([[], ["LINK_DAMPED bob"]]);
    setup.world.advance(999);
    expect(setup.links).toEqual([]);
    setup.world.advance(2);
    expect(setup.links).toEqual(["bob 5"]);
  });
});

describe("Topology of the mesh", () => {
  it("finds routes over what others say", () => {
    const { topology } = aRing();
    expect([topology.table.nextHop("bob"), topology.table.nextHop("charlie")]).toEqual(["bob", "bob"]);
    expect([...topology.states.keys()].sort()).toEqual(["alice", "bob", "charlie", "dora"]);
  });

  it("works out together what comes within 10 ms, and says so once", () => {
    const setup = new Setup();
    setup.world.advance(10);
    const { routes } = setup;
    const { computations } = setup.topology;
    setup.topology.linkUp("bob", 1);
    setup.hear("bob", "alice", "charlie");
    setup.world.advance(9);
    setup.hear("charlie", "bob");
    expect(setup.routes).toBe(routes);
    setup.world.advance(1);
    expect([setup.routes - routes, setup.topology.computations - computations]).toEqual([1, 1]);
  });

  it("says nothing when the routes are what they were", () => {
    const setup = aRing();
    const { routes } = setup;
    setup.hear("bob", "alice", "charlie");
    setup.world.advance(10);
    expect(setup.routes).toBe(routes);
  });

  it("goes over an alternate in the very call in which a link goes down", () => {
    const setup = aRing();
    const { routes } = setup;
    setup.topology.linkDown("bob");
    expect([setup.topology.table.nextHop("charlie"), setup.routes > routes]).toEqual(["dora", true]);
  });

  it("forgets what a cluster said that is silent for too long, or has withdrawn it", () => {
    const setup = aRing();
    setup.topology.purge("charlie");
    setup.world.advance(10);
    expect(setup.topology.table.nextHop("charlie")).toBeUndefined();
    setup.topology.install(aRecord("bob", new Uint8Array(0)));
    setup.world.advance(10);
    expect([setup.topology.table.nextHop("bob"), setup.topology.states.has("bob")]).toEqual([undefined, false]);
  });

  it("says whose word it cannot read, and keeps what it knew", () => {
    const setup = aRing();
    setup.topology.install(aRecord("bob", new Uint8Array([1])));
    setup.world.advance(10);
    expect([setup.notices, setup.topology.table.nextHop("bob")]).toEqual([["LINK_STATE_UNREADABLE bob"], "bob"]);
  });
});

describe("Topology with costs of tags", () => {
  const RULES: readonly TagCost[] = [{ tag: "slow", cost: 50, lanes: ["bulk"] }];
  const heard = (setup: Setup, origin: string, state: Partial<LinkState>): void =>
    setup.topology.install(aRecord(origin, encodeLinkState({ links: [], ...state })));

  it("has routes of its own for a lane that pays for a link with a tag", () => {
    const setup = new Setup(RULES);
    setup.settings = { bob: { cost: 0, tags: ["slow"] } };
    setup.topology.linkUp("bob", 1);
    setup.topology.linkUp("dora", 1);
    setup.hear("bob", "alice", "dora");
    setup.hear("dora", "alice", "bob");
    setup.world.advance(10);
    const hop = (lane: "control" | "normal" | "bulk") => setup.topology.routesOf(lane).nextHop("bob");
    expect([hop("control"), hop("normal"), hop("bulk")]).toEqual(["bob", "bob", "dora"]);
  });

  it("says what its rules come to, and nothing where there are none", () => {
    const setup = new Setup(RULES);
    expect(setup.said.at(-1)!.tagCosts).toBe(setup.topology.lanes.fingerprint!);
    expect(new Setup().said.at(-1)!.tagCosts).toBeUndefined();
  });

  it("tells once of a cluster that has other rules, and again when they change to others", () => {
    const setup = new Setup(RULES);
    heard(setup, "bob", { tagCosts: setup.topology.lanes.fingerprint });
    expect(setup.notices).toEqual([]);
    heard(setup, "bob", {});
    heard(setup, "bob", { region: "eu" });
    expect(setup.notices).toEqual(["TAG_COSTS_DIFFER bob"]);
    heard(setup, "bob", { tagCosts: "00000001" });
    expect(setup.notices).toEqual(["TAG_COSTS_DIFFER bob", "TAG_COSTS_DIFFER bob"]);
  });

  it("does not tell of a cluster that leaves", () => {
    const setup = new Setup(RULES);
    heard(setup, "bob", { left: true });
    expect(setup.notices).toEqual([]);
  });
});
