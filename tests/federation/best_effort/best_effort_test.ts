import { describe, expect, it } from "bun:test";

import { BestEffort } from "../../../federation/best_effort/best_effort.ts";
import { decodeFrame, type FrameGroup } from "../../../federation/link/codec/mod.ts";
import type { TrafficRule } from "../../../federation/mod.ts";
import { LaneRoutes } from "../../../federation/routing/lane_routes.ts";
import { Graph, RouteTable } from "../../../federation/routing/paths/mod.ts";
import { FakeLog } from "../../support/fake_log.ts";
import { FakeWorld } from "../../support/fake_world.ts";
import { aDestination, aFrame, aGroup, aRecord, writeFrame } from "../frame_support.ts";

const RULES: readonly TrafficRule[] = [
  { pattern: "order.lost", lane: "normal" },
  { pattern: "order.>", lane: "normal", class: "best-effort" },
];

/** Links of the mesh, all of cost 1: `bob-alice bob-charlie alice-dora`. */
function aGraph(links: string): Graph {
  const graph = new Graph();
  const pairs = links.split(" ").map((link) => link.split("-"));
  for (const name of new Set(pairs.flat())) {
    const peers = pairs.filter((pair) => pair.includes(name)).map((pair) => pair.find((other) => other !== name)!);
    graph.set(name, { links: peers.map((peer) => ({ peer, cost: 1, up: true })) });
  }
  return graph;
}

/** Alice, who is linked with bob and dora; behind bob is charlie. */
class Setup {
  readonly world = new FakeWorld();
  readonly log = new FakeLog();
  readonly table = new RouteTable("alice");
  readonly frames: { readonly peer: string; readonly groups: readonly FrameGroup[] }[] = [];
  readonly trace: string[] = [];
  readonly hurried: string[] = [];
  readonly bestEffort: BestEffort;
  older: string[] = [];
  down: string[] = [];
  wanted = ["bob"];
  installs = 0;

  constructor({ log = new FakeLog(), traffic = RULES }: { log?: FakeLog; traffic?: readonly TrafficRule[] } = {}) {
    this.log = log;
    this.table.update(aGraph("alice-bob bob-charlie alice-dora"));
    const { table } = this;
    const installs = (): number => this.installs;
    this.bestEffort = new BestEffort({
      world: this.world,
      self: "alice",
      log,
      local: {
        node: "alice-1",
        cluster: "alice",
        wants: () => [],
        hasMember: () => true,
        watchWants: () => {},
        judge: (arrivals, done) => done(arrivals.map(() => "new")),
        travels: ({ topic }) => topic !== "order.secret",
      },
      traffic,
      topology: {
        table,
        get installs() {
          return installs();
        },
        routesOf: () => new LaneRoutes(table, 0),
        takesBestEffort: (cluster) => !this.older.includes(cluster),
      },
      destinationsOf: () => this.wanted.map((cluster) => ({ cluster, ungrouped: true, groups: [] })),
      neighbour: (peer) => {
        const active = { hurry: () => void this.hurried.push(peer) };
        if (this.down.includes(peer)) return { open: undefined, active: undefined };
        const publish = (bytes: Uint8Array): void => this.#published(peer, bytes);
        return { open: { linkEpoch: 5, bufferedBytes: 0, payloadBytesMax: 1024 * 1024, publish }, active };
      },
      trace: {
        noteGroup: (direction, peer, { events }, reason) =>
          this.trace.push(
            [direction, peer, events.map(({ sequence }) => sequence).join(), reason ?? ""].join(" ").trim(),
          ),
      },
      onNotice: () => {},
      onError: () => {},
    });
  }

  /** What left: `bob: 1,2 for bob charlie`. */
  get left(): string[] {
    return this.frames.flatMap(({ peer, groups }) =>
      groups.map(({ events, destinations }) => {
        const numbers = events.map(({ sequence }) => sequence).join();
        return `${peer}: ${numbers} for ${destinations.map(({ cluster }) => cluster).join(" ")}`;
      })
    );
  }

  /** What custody is to do with each event of the log. */
  get inCustody(): string[] {
    return this.log.content.events.map((event) =>
      this.bestEffort.leftToCustody(event)?.map(({ cluster }) => cluster).join(" ") ?? "all"
    );
  }

  get dropped(): Record<string, number> {
    return Object.fromEntries(this.bestEffort.tally.dropped);
  }

  receive(group: Partial<FrameGroup>, sequence = 1): void {
    this.bestEffort.receive("bob", writeFrame(aFrame({ sequence, groups: [aGroup(group)] })).bytes.slice());
  }

  #published(peer: string, bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes);
    if ("problem" in decoded) throw new Error(decoded.detail);
    this.frames.push({ peer, groups: decoded.frame.groups });
  }
}

describe("BestEffort sends own events", () => {
  it("in the moment in which they are durable, one copy to each next hop, and leaves custody nothing to do", () => {
    const setup = new Setup();
    setup.wanted = ["bob", "charlie", "dora"];
    setup.log.append({ type: "order.placed" });
    expect(setup.left).toEqual(["bob: 1 for bob charlie", "dora: 1 for dora"]);
    expect(setup.frames[0].groups[0]).toMatchObject({ origin: "alice", hops: ["alice"], detours: 0 });
    expect(setup.inCustody).toEqual([""]);
    expect([setup.bestEffort.tally.sent, setup.log.commits]).toEqual([3, []]);
  });

  it("of its class alone: others are in custody, and those that may not leave stay", () => {
    const setup = new Setup();
    for (const type of ["order.lost", "stock.moved", "order.secret"]) setup.log.append({ type });
    expect(setup.left).toEqual([]);
    expect(setup.inCustody).toEqual(["all", "all", ""]);
  });

  it("with what is left of their time to live, and drops those whose time is over", () => {
    const setup = new Setup();
    setup.log.append({ type: "order.placed", ttlMs: -1 });
    expect([setup.left, setup.dropped, setup.trace]).toEqual([[], { EXPIRED: 1 }, ["dropped bob 1 EXPIRED"]]);
    setup.log.append({ type: "order.placed", ttlMs: 500 });
    expect(setup.left).toEqual(["bob: 2 for bob"]);
  });

  it("and drops them where there is no path, or the link is down, each destination for itself", () => {
    const setup = new Setup();
    setup.wanted = ["bob", "dora", "nowhere"];
    setup.down = ["dora"];
    setup.log.append({ type: "order.placed" });
    expect(setup.left).toEqual(["bob: 1 for bob"]);
    expect(setup.dropped).toEqual({ NO_PATH: 1, LINK_DOWN: 1 });
    const { destinations } = setup.bestEffort.tally;
    expect([...destinations].map(([name, { sent, dropped }]) => [name, sent, [...dropped.keys()]])).toEqual([
      ["nowhere", 0, ["NO_PATH"]],
      ["bob", 1, []],
      ["dora", 0, ["LINK_DOWN"]],
    ]);
  });

  it("and notes for a trace where they went, and for whom they were sent or dropped", () => {
    const setup = new Setup();
    setup.wanted = ["charlie", "nowhere"];
    setup.log.append({ type: "order.placed" });
    expect(setup.trace).toEqual(["dropped nowhere 1 NO_PATH", "out bob 1", "sent charlie 1"]);
  });

  it("to nobody who waits for custody: it says for whom they were", () => {
    const setup = new Setup();
    setup.wanted = ["bob", "nowhere"];
    setup.log.append({ type: "order.placed" }, { type: "order.lost" });
    expect([setup.bestEffort.sentTo(1), setup.bestEffort.sentTo(2)]).toEqual([["bob", "nowhere"], []]);
  });

  it("not again after a restart: what the log has from before was sent then, or never is", () => {
    const log = new FakeLog();
    log.append({ type: "order.placed" }, { type: "order.lost" });
    const setup = new Setup({ log });
    expect([setup.left, setup.inCustody]).toEqual([[], ["", "all"]]);
  });
});

describe("BestEffort where a cluster on the way does not know the class", () => {
  it("leaves the destinations behind it to custody, and sends to the others", () => {
    const setup = new Setup();
    setup.older = ["bob"];
    setup.wanted = ["charlie", "dora"];
    setup.log.append({ type: "order.placed" });
    expect(setup.left).toEqual(["dora: 1 for dora"]);
    expect(setup.inCustody).toEqual(["charlie"]);
    expect(setup.bestEffort.sentTo(1)).toEqual(["dora"]);
  });

  it("asks custody once for each event, and notices an upgrade", () => {
    const setup = new Setup();
    setup.older = ["bob"];
    setup.log.append({ type: "order.placed" });
    expect([setup.inCustody, setup.inCustody]).toEqual([["bob"], [""]]);
    setup.older = [];
    setup.installs++;
    setup.log.append({ type: "order.placed" });
    expect(setup.left).toEqual(["bob: 2 for bob"]);
  });

  it("leaves them to custody also when they were accepted by a run before", () => {
    const log = new FakeLog();
    log.append({ type: "order.placed" });
    const setup = new Setup({ log });
    setup.older = ["bob"];
    setup.wanted = ["bob", "dora"];
    expect(setup.inCustody).toEqual(["bob"]);
  });

  it("drops on the way what only such a neighbour could take", () => {
    const setup = new Setup();
    setup.older = ["dora"];
    setup.receive({ origin: "charlie", hops: ["charlie", "bob"], destinations: [aDestination({ cluster: "dora" })] });
    expect([setup.left, setup.dropped]).toEqual([[], { CLASS_UNKNOWN: 1 }]);
  });
});

describe("BestEffort on the way", () => {
  it("passes events on with its name behind their hops", () => {
    const setup = new Setup();
    setup.receive({ origin: "charlie", hops: ["charlie", "bob"], destinations: [aDestination({ cluster: "dora" })] });
    expect(setup.left).toEqual(["dora: 1 for dora"]);
    expect(setup.frames[0].groups[0].hops).toEqual(["charlie", "bob", "alice"]);
    const { forwarded, sent, arrived } = setup.bestEffort.tally;
    expect([forwarded, sent, arrived]).toEqual([1, 0, 0]);
  });

  it("never sends one back to where it has been, nor over more than 32 clusters", () => {
    const setup = new Setup();
    const hops = Array.from({ length: 30 }, (_, i) => `c${i}`);
    setup.receive({ origin: "dora", hops: ["dora", "bob"], destinations: [aDestination({ cluster: "charlie" })] });
    setup.receive({ origin: "c0", hops: [...hops, "bob"], destinations: [aDestination({ cluster: "dora" })] }, 2);
    expect([setup.left, setup.dropped]).toEqual([[], { LOOP_AVOIDED: 1, HOP_LIMIT: 1 }]);
  });

  it("says HELLO to who sends much", () => {
    const setup = new Setup();
    setup.receive({ origin: "charlie", hops: ["charlie", "bob"], destinations: [aDestination({ cluster: "alice" })] });
    expect(setup.hurried).toEqual([]);
    const events = [{ sequence: 2, ageMs: 0, record: aRecord(2, { data: "x".repeat(140_000) }) }];
    const destinations = [aDestination({ cluster: "alice" })];
    setup.receive({ origin: "charlie", hops: ["charlie", "bob"], destinations, events }, 2);
    expect(setup.hurried).toEqual(["bob"]);
  });

  it("does so also where no rule of its own says anything of the class", () => {
    const setup = new Setup({ traffic: [] });
    setup.receive({
      origin: "charlie",
      hops: ["charlie", "bob"],
      destinations: ["alice", "dora"].map((cluster) => aDestination({ cluster })),
    });
    expect(setup.left).toEqual(["dora: 1 for dora"]);
    expect([setup.bestEffort.tally.arrived, setup.log.content.events.length]).toEqual([1, 1]);
  });
});
