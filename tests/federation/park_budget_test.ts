import { beforeEach, describe, expect, it } from "bun:test";

import { Custody } from "../../federation/custody/custody.ts";
import { ParkBudget } from "../../federation/custody/park_budget.ts";
import { type Shipment, toTombstone } from "../../federation/custody/shipment.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aDestination } from "./frame_support.ts";
import { aShipment } from "./shipment_support.ts";

/** Bob has a way, charlie has none. Each may use 1000 bytes; an event takes 100. */
class Park {
  readonly custody = new Custody({
    world: new FakeWorld(),
    routesOf: () => ({
      version: 1,
      nextHop: (to) => to === "bob" ? "bob" : undefined,
      nextHopAvoiding: () => undefined,
    }),
    onQueued: () => {},
    onSettled: () => {},
  });
  readonly ended: string[] = [];
  readonly notices: string[] = [];
  readonly budget: ParkBudget;
  #position = 1;

  constructor(overflow: "evict-oldest" | "block" = "evict-oldest") {
    this.budget = new ParkBudget({
      log: { bytesMax: 10_000 },
      custody: this.custody,
      overflow,
      end: (shipment, ended, reason) => {
        this.ended.push(`${shipment.position}+${shipment.count} ${ended} ${reason}`);
        return toTombstone(shipment, ended);
      },
      onNotice: ({ code, peer }) => this.notices.push(`${code} ${peer}`),
    });
  }

  add(count: number, to = "charlie"): void {
    const position = this.#position;
    this.#position += count;
    const destinations = [aDestination({ cluster: to, previous: position - 1 })];
    this.custody.add(aShipment({ position, firstSequence: position, count, destinations }));
  }

  enforce(): void {
    this.budget.enforce(new Map(["bob", "charlie"].map((to) => [to, this.#held(to)])));
  }

  get parked(): Shipment[] {
    return [...this.custody.parked.get("charlie") ?? []];
  }

  #held(to: string): number {
    return [...this.custody.waiting()].filter(({ destinations }) => destinations.some(({ cluster }) => cluster === to))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

let park: Park;
beforeEach(() => {
  park = new Park();
});

describe("ParkBudget.enforce()", () => {
  it("leaves alone what is within the budget", () => {
    park.add(10);
    park.enforce();
    expect([park.ended, park.notices]).toEqual([[], []]);
  });

  it("evicts the oldest, only as many as are too much, and says why", () => {
    park.add(3);
    park.add(12);
    park.enforce();
    expect(park.ended).toEqual(["1+3 evicted PARK_FULL", "4+2 evicted PARK_FULL"]);
    expect(
      park.parked.map(({ position, count, ended, destinations: [{ previous }] }) => [position, count, ended, previous]),
    )
      .toEqual([[1, 3, "evicted", 0], [4, 2, "evicted", 3], [6, 10, undefined, 5]]);
    expect(park.budget.evicted).toBe(5);
  });

  it("counts an event that has ended no more", () => {
    park.add(15);
    park.enforce();
    park.add(1);
    park.enforce();
    expect(park.ended).toEqual(["1+5 evicted PARK_FULL", "6+1 evicted PARK_FULL"]);
  });

  it("evicts one that is larger than the whole budget", () => {
    const park = new Park();
    park.custody.add(aShipment({ bytes: 5000, destinations: [aDestination({ cluster: "charlie" })] }));
    park.enforce();
    expect(park.ended).toEqual(["1+1 evicted PARK_FULL"]);
  });

  it("never evicts what has a way", () => {
    park.add(50, "bob");
    park.enforce();
    expect([park.ended, park.notices]).toEqual([[], []]);
  });

  it("keeps the budgets of destinations apart", () => {
    park.add(9);
    park.add(9, "bob");
    park.enforce();
    expect(park.ended).toEqual([]);
  });

  it("tells once, and again only after it was calm", () => {
    park.add(11);
    park.enforce();
    park.add(1);
    park.enforce();
    expect(park.notices).toEqual(["PARK_FULL charlie"]);
    park.custody.parked.get("charlie")!.drain();
    park.enforce();
    park.add(11);
    park.enforce();
    expect(park.notices).toEqual(["PARK_FULL charlie", "PARK_FULL charlie"]);
  });

  it("evicts nothing where that was chosen", () => {
    const park = new Park("block");
    park.add(50);
    park.enforce();
    expect(park.ended).toEqual([]);
  });
});
