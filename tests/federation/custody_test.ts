import { describe, expect, it } from "bun:test";

import { Custody } from "../../federation/custody/custody.ts";
import { sequenceAt, type Shipment } from "../../federation/custody/shipment.ts";
import { HOPS_MAX } from "../../federation/next_hop.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aDestination } from "./frame_support.ts";
import { aDocument, aShipment } from "./shipment_support.ts";

/** Ways as a table says: for each destination the next hop, and the next hop without some clusters. */
class TableOfHops {
  version = 1;
  hops: Record<string, string | undefined> = { bob: "bob", charlie: "bob", dora: "dora" };
  avoiding: Record<string, string | undefined> = {};
  avoided: (readonly string[])[] = [];

  nextHop(destination: string): string | undefined {
    return this.hops[destination];
  }

  nextHopAvoiding(destination: string, avoid: readonly string[]): string | undefined {
    this.avoided.push(avoid);
    return this.avoiding[destination];
  }

  change(hops: Record<string, string | undefined>): void {
    Object.assign(this.hops, hops);
    this.version++;
  }
}

function aCustody() {
  const world = new FakeWorld();
  const routes = new TableOfHops();
  const routesOfBulk = new TableOfHops();
  const queued: string[] = [];
  const settled: string[] = [];
  const parked: string[] = [];
  const custody = new Custody({
    world,
    routesOf: (lane) => lane === "bulk" ? routesOfBulk : routes,
    onQueued: (peer, lane) => queued.push(`${peer}/${lane}`),
    onSettled: ({ key }) => settled.push(key),
    onParked: (destination, reason) => parked.push(`${destination}: ${reason}`),
  });
  return { world, routes, routesOfBulk, custody, queued, settled, parked };
}

const to = (...clusters: string[]) => clusters.map((cluster) => aDestination({ cluster }));
const names = ({ destinations }: Shipment): string[] => destinations.map(({ cluster }) => cluster);
const waiting = (custody: Custody, peer: string): Shipment[] => [...custody.queueOf(peer, "normal")];
const inPark = (custody: Custody, destination: string): Shipment[] => [...custody.parked.get(destination) ?? []];

describe("Custody.add()", () => {
  it("makes one copy for each next hop, with the destinations behind it", () => {
    const { custody } = aCustody();
    custody.add(aShipment({ destinations: to("bob", "dora", "charlie") }));
    expect(waiting(custody, "bob").map(names)).toEqual([["bob", "charlie"]]);
    expect(waiting(custody, "dora").map(names)).toEqual([["dora"]]);
  });

  it("says for which neighbour and lane something waits", () => {
    const { custody, queued } = aCustody();
    custody.add(aShipment({ destinations: to("bob", "dora"), lane: "bulk" }));
    expect(queued).toEqual(["bob/bulk", "dora/bulk"]);
  });

  it("sends the events of each lane by the routes of that lane", () => {
    const { custody, routesOfBulk } = aCustody();
    routesOfBulk.change({ charlie: "dora" });
    custody.add(aShipment({ destinations: to("charlie"), lane: "bulk" }));
    custody.add(aShipment({ destinations: to("charlie") }));
    expect([custody.queueOf("dora", "bulk").events, custody.queueOf("bob", "normal").events]).toEqual([1, 1]);
    routesOfBulk.change({ charlie: undefined });
    custody.reroute();
    expect([inPark(custody, "charlie").map(({ lane }) => lane), waiting(custody, "bob").length]).toEqual([["bulk"], 1]);
  });

  it("keeps the lanes of a neighbour apart", () => {
    const { custody } = aCustody();
    custody.add(aShipment({ lane: "bulk" }));
    expect([custody.queueOf("bob", "bulk").events, custody.queueOf("bob", "normal").events]).toEqual([1, 0]);
  });

  it("parks what has no path, and only that", () => {
    const { custody, parked } = aCustody();
    custody.add(aShipment({ destinations: to("bob", "eve") }));
    expect(parked).toEqual(["eve: NO_PATH"]);
    expect(waiting(custody, "bob").map(names)).toEqual([["bob"]]);
    expect(inPark(custody, "eve").map(names)).toEqual([["eve"]]);
  });

  it("never sends an event back to a cluster that it has passed: it takes the best path without those", () => {
    const { custody, routes } = aCustody();
    routes.avoiding = { charlie: "dora" };
    custody.add(aShipment({ destinations: to("charlie"), hops: ["eve", "bob"] }));
    expect(waiting(custody, "dora").map(names)).toEqual([["charlie"]]);
    expect(routes.avoided).toEqual([["eve", "bob"]]);
  });

  it("parks an event that could only go back", () => {
    const { custody, parked } = aCustody();
    custody.add(aShipment({ destinations: to("charlie"), hops: ["bob"] }));
    expect(parked).toEqual(["charlie: LOOP_AVOIDED"]);
  });

  it("parks an event that has crossed as many clusters as a frame can name", () => {
    const { custody, parked } = aCustody();
    const hops = Array.from({ length: HOPS_MAX - 1 }, (_, i) => `c${i}`);
    custody.add(aShipment({ hops: hops.slice(1) }));
    expect(parked).toEqual([]);
    custody.add(aShipment({ hops }));
    expect(parked).toEqual(["bob: HOP_LIMIT"]);
  });

  it("lists everything that waits with queued()", () => {
    const { custody } = aCustody();
    custody.add(aShipment({ destinations: to("bob", "dora") }));
    custody.add(aShipment({ position: 2, destinations: to("bob"), lane: "high" }));
    expect([...custody.queued()].map(names)).toEqual([["bob"], ["bob"], ["dora"]]);
  });
});

describe("Custody.release()", () => {
  it("settles a document once all of its pairs are with next hops", () => {
    const { custody, settled } = aCustody();
    const document = aDocument({ open: 4 });
    custody.release([aShipment({ count: 2, document })]);
    expect([document.open, settled]).toEqual([2, []]);
    custody.release([aShipment({ count: 1, destinations: to("bob", "dora"), document })]);
    expect([document.open, settled]).toEqual([0, [document.key]]);
  });

  it("leaves a document that the books still need", () => {
    const { custody, settled } = aCustody();
    custody.release([aShipment({ document: aDocument({ open: 1, owed: true }) })]);
    expect(settled).toEqual([]);
  });
});

describe("Custody.takeBack()", () => {
  it("puts what a link did not bring over before what came after it", () => {
    const { custody } = aCustody();
    custody.add(aShipment({ position: 6, destinations: to("bob") }));
    custody.takeBack("bob", "normal", [aShipment({ position: 4 }), aShipment({ position: 5 })]);
    expect(waiting(custody, "bob").map(({ position }) => position)).toEqual([4, 5, 6]);
  });

  it("lets it go another way only together with what came after it", () => {
    const { custody, routes } = aCustody();
    custody.add(aShipment({ position: 6, destinations: to("bob") }));
    custody.takeBack("bob", "normal", [aShipment({ position: 4, destinations: to("bob") })]);
    routes.change({ bob: "dora" });
    custody.reroute();
    expect(waiting(custody, "dora").map(({ position }) => position)).toEqual([4, 6]);
  });
});

describe("Custody.reroute()", () => {
  it("moves what waits for the wrong neighbour, in the order of the log", () => {
    const { custody, routes } = aCustody();
    custody.add(aShipment({ position: 2, destinations: to("dora") }));
    custody.add(aShipment({ position: 1, destinations: to("bob") }));
    routes.change({ bob: "eve", dora: "eve" });
    custody.reroute();
    expect(waiting(custody, "eve").map(({ position }) => position)).toEqual([1, 2]);
    expect([waiting(custody, "bob"), waiting(custody, "dora")]).toEqual([[], []]);
  });

  it("leaves a queue as it is whose ways have not changed", () => {
    const { custody, routes, queued } = aCustody();
    custody.add(aShipment({ destinations: to("bob", "charlie") }));
    routes.change({ dora: "eve" });
    custody.reroute();
    expect(queued).toEqual(["bob/normal"]);
  });

  it("splits what shared a neighbour and no longer does", () => {
    const { custody, routes } = aCustody();
    custody.add(aShipment({ destinations: to("bob", "charlie") }));
    routes.change({ charlie: "dora" });
    custody.reroute();
    expect(waiting(custody, "bob").map(names)).toEqual([["bob"]]);
    expect(waiting(custody, "dora").map(names)).toEqual([["charlie"]]);
  });

  it("leaves a way round alone that is still the way round", () => {
    const { custody, routes, queued } = aCustody();
    routes.avoiding = { charlie: "dora" };
    custody.add(aShipment({ destinations: to("charlie"), hops: ["bob"] }));
    custody.reroute();
    expect(queued).toEqual(["dora/normal"]);
  });

  it("moves what goes a way round that leads elsewhere now", () => {
    const { custody, routes } = aCustody();
    routes.avoiding = { charlie: "dora" };
    custody.add(aShipment({ destinations: to("charlie"), hops: ["bob"] }));
    routes.avoiding = { charlie: "eve" };
    custody.reroute();
    expect(waiting(custody, "eve")).toHaveLength(1);
  });

  it("parks what has lost its path", () => {
    const { custody, routes, parked } = aCustody();
    custody.add(aShipment());
    routes.change({ bob: undefined });
    custody.reroute();
    expect([parked, waiting(custody, "bob")]).toEqual([["bob: NO_PATH"], []]);
  });

  it("lets go on what was parked, with its hops, when there is a path", () => {
    const { custody, routes } = aCustody();
    custody.add(aShipment({ destinations: to("eve"), hops: ["bob"] }));
    routes.change({ eve: "dora" });
    custody.reroute();
    expect(inPark(custody, "eve")).toEqual([]);
    expect(waiting(custody, "dora")).toMatchObject([{ hops: ["bob"], detours: 0 }]);
  });

  it("does not begin the time of parking anew while the reason stays", () => {
    const { custody, world } = aCustody();
    custody.add(aShipment({ destinations: to("eve") }));
    const { since } = inPark(custody, "eve")[0].parked!;
    world.advance(500);
    custody.reroute();
    expect(inPark(custody, "eve")[0].parked!.since).toBe(since);
  });

  it("keeps every pair exactly once, whatever the routes do", () => {
    const { custody, routes } = aCustody();
    for (let position = 1; position <= 30; position++) {
      custody.add(aShipment({ position, firstSequence: position, destinations: to("bob", "charlie", "eve") }));
    }
    for (const hops of [{ bob: "dora" }, { eve: "bob", charlie: undefined }, { bob: undefined, charlie: "eve" }]) {
      routes.change(hops);
      custody.reroute();
    }
    const all = [...custody.queued(), ...[...custody.parked.values()].flatMap((queue) => [...queue])];
    const pairs = all.flatMap((shipment) => names(shipment).map((name) => `${name} ${sequenceAt(shipment, 0)}`));
    expect(pairs).toHaveLength(90);
    expect(new Set(pairs).size).toBe(90);
  });
});

describe("Custody.tick()", () => {
  it("lets an event that could only go back do so after 2 s, with its hops forgotten and a detour more", () => {
    const { custody, world } = aCustody();
    custody.add(aShipment({ destinations: to("charlie"), hops: ["bob"] }));
    world.advance(1999);
    custody.tick();
    expect(waiting(custody, "bob")).toEqual([]);
    world.advance(1);
    custody.tick();
    expect(waiting(custody, "bob")).toMatchObject([{ hops: [], detours: 1, parked: undefined }]);
    expect([inPark(custody, "charlie"), custody.detours]).toEqual([[], 1]);
  });

  it("lets an event go on that had crossed too many clusters", () => {
    const { custody, world } = aCustody();
    custody.add(aShipment({ hops: Array.from({ length: HOPS_MAX - 1 }, (_, i) => `c${i}`) }));
    world.advance(2000);
    custody.tick();
    expect(waiting(custody, "bob")).toMatchObject([{ hops: [], detours: 1 }]);
  });

  it("leaves alone what has no path", () => {
    const { custody, world, queued } = aCustody();
    custody.add(aShipment({ destinations: to("eve"), hops: ["bob"] }));
    world.advance(10_000);
    custody.tick();
    expect([queued, inPark(custody, "eve")[0].hops]).toEqual([[], ["bob"]]);
  });

  it("waits for other routes from the fourth detour on", () => {
    const { custody, world, routes } = aCustody();
    custody.add(aShipment({ destinations: to("charlie"), hops: ["bob"], detours: 4 }));
    world.advance(5000);
    custody.tick();
    expect(waiting(custody, "bob")).toEqual([]);
    routes.change({});
    custody.tick();
    expect(waiting(custody, "bob")).toMatchObject([{ detours: 5 }]);
  });

  it("does not wait for other routes before the fourth detour", () => {
    const { custody, world } = aCustody();
    custody.add(aShipment({ destinations: to("charlie"), hops: ["bob"], detours: 3 }));
    world.advance(2000);
    custody.tick();
    expect(waiting(custody, "bob")).toMatchObject([{ detours: 4 }]);
  });

  it("leaves those parked that came to the same place later", () => {
    const { custody, world } = aCustody();
    custody.add(aShipment({ destinations: to("charlie"), hops: ["bob"] }));
    world.advance(1500);
    custody.add(aShipment({ position: 2, destinations: to("charlie"), hops: ["bob"] }));
    world.advance(500);
    custody.tick();
    expect(inPark(custody, "charlie").map(({ position }) => position)).toEqual([2]);
  });
});

describe("Custody.forget()", () => {
  it("answers what was owed to the cluster, and keeps what is owed to others", () => {
    const { custody } = aCustody();
    custody.add(aShipment({ destinations: to("bob", "charlie") }));
    const gone = custody.forget("charlie");
    expect(gone.map(names)).toEqual([["charlie"]]);
    expect(waiting(custody, "bob").map(names)).toEqual([["bob"]]);
  });

  it("takes out what was parked, too", () => {
    const { custody } = aCustody();
    custody.add(aShipment({ destinations: to("eve") }));
    expect(custody.forget("eve").map(names)).toEqual([["eve"]]);
    expect(inPark(custody, "eve")).toEqual([]);
  });

  it("settles documents of which nothing else is owed", () => {
    const { custody, settled } = aCustody();
    const shipment = aShipment({ destinations: to("eve") });
    custody.add(shipment);
    custody.forget("eve");
    expect(settled).toEqual([shipment.document.key]);
  });
});

describe("Custody.setCongested()", () => {
  const positions = (shipments: readonly Shipment[]) => shipments.map(({ position }) => position);

  it("keeps aside what is for a congested destination, and lets the others pass", () => {
    const { custody, queued } = aCustody();
    custody.setCongested("bob", { congested: ["charlie"] });
    custody.add(aShipment({ destinations: to("charlie") }));
    expect([queued, waiting(custody, "bob")]).toEqual([[], []]);
    custody.add(aShipment({ position: 2, destinations: to("charlie", "bob") }));
    expect(waiting(custody, "bob").map(names)).toEqual([["bob"]]);
    expect([...custody.queued()].map(names)).toEqual([["bob"], ["charlie"], ["charlie"]]);
  });

  it("takes aside what waits already, and leaves the order of the rest", () => {
    const { custody } = aCustody();
    for (const position of [1, 2, 3]) custody.add(aShipment({ position, destinations: to("charlie", "bob") }));
    custody.setCongested("bob", { congested: ["charlie"] });
    expect(waiting(custody, "bob").map(names)).toEqual([["bob"], ["bob"], ["bob"]]);
    expect(positions(waiting(custody, "bob"))).toEqual([1, 2, 3]);
  });

  it("lets go on in order what is named no longer, and says that it waits", () => {
    const { custody, queued } = aCustody();
    custody.setCongested("bob", { congested: ["charlie", "eve"] });
    custody.add(aShipment({ position: 1, destinations: to("charlie"), lane: "bulk" }));
    custody.add(aShipment({ position: 2, destinations: to("charlie"), lane: "bulk" }));
    custody.setCongested("bob", { congested: ["eve"] });
    expect(positions([...custody.queueOf("bob", "bulk")])).toEqual([1, 2]);
    expect(queued).toEqual(["bob/bulk", "bob/bulk"]);
  });

  it("never keeps aside what is for the neighbour itself", () => {
    const { custody } = aCustody();
    custody.setCongested("bob", { congested: ["bob"] });
    custody.add(aShipment({ destinations: to("bob") }));
    expect(waiting(custody, "bob")).toHaveLength(1);
  });

  it("concerns that neighbour only", () => {
    const { custody, routes } = aCustody();
    custody.setCongested("bob", { congested: ["charlie"] });
    routes.change({ charlie: "dora" });
    custody.add(aShipment({ destinations: to("charlie") }));
    expect(waiting(custody, "dora")).toHaveLength(1);
  });

  it("does not keep anything from finding another way", () => {
    const { custody, routes } = aCustody();
    custody.setCongested("bob", { congested: ["charlie"] });
    custody.add(aShipment({ position: 1, destinations: to("charlie") }));
    routes.change({ charlie: "dora" });
    custody.reroute();
    expect(waiting(custody, "dora").map(names)).toEqual([["charlie"]]);
    expect([...custody.queued()]).toHaveLength(1);
  });

  it("keeps nothing aside on a way round: it is parked, and goes back to the shortest path", () => {
    const { custody, routes, world } = aCustody();
    routes.avoiding = { charlie: "dora" };
    custody.setCongested("dora", { congested: ["charlie"] });
    custody.add(aShipment({ destinations: to("charlie"), hops: ["alice", "bob"] }));
    expect([[...custody.queued()], inPark(custody, "charlie").length]).toEqual([[], 1]);
    world.advance(2000);
    custody.tick();
    expect(waiting(custody, "bob").map(names)).toEqual([["charlie"]]);
  });

  it("takes what waits on a way round off it", () => {
    const { custody, routes } = aCustody();
    routes.avoiding = { charlie: "dora" };
    custody.add(aShipment({ destinations: to("charlie"), hops: ["alice", "bob"] }));
    custody.setCongested("dora", { congested: ["charlie"] });
    expect([[...custody.queued()], inPark(custody, "charlie")[0].parked?.reason]).toEqual([[], "LOOP_AVOIDED"]);
  });

  it("keeps aside only what is for a lane that is named, and lets each lane go on by itself", () => {
    const { custody } = aCustody();
    custody.setCongested("bob", { congested: [], congestedLanes: { bulk: ["charlie"], high: ["charlie"] } });
    for (const lane of ["bulk", "normal", "high"] as const) {
      custody.add(aShipment({ destinations: to("charlie"), lane }));
    }
    const waitsIn = () => (["bulk", "normal", "high"] as const).map((lane) => custody.queueOf("bob", lane).events);
    expect(waitsIn()).toEqual([0, 1, 0]);
    expect([custody.isCongested("bob", "charlie", "bulk"), custody.isCongested("bob", "charlie", "normal")])
      .toEqual([true, false]);
    custody.setCongested("bob", { congested: [], congestedLanes: { bulk: ["charlie"] } });
    expect(waitsIn()).toEqual([0, 1, 1]);
    custody.setCongested("bob", { congested: [] });
    expect(waitsIn()).toEqual([1, 1, 1]);
  });

  it("gives up what is aside for a cluster that is gone for good", () => {
    const { custody } = aCustody();
    custody.setCongested("bob", { congested: ["charlie"] });
    custody.add(aShipment({ destinations: to("charlie") }));
    expect(custody.forget("charlie").map(names)).toEqual([["charlie"]]);
    expect([...custody.queued()]).toEqual([]);
  });
});
