import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { openMemoryStore } from "../../adapters/store/memory.ts";
import { Coverage, Coverages } from "../../federation/custody/coverage.ts";
import { pickedAnew } from "../../federation/custody/epochs.ts";
import { OriginOrder } from "../../federation/ledger/origin_order.ts";
import { DeliveryQueue } from "../../node/delivery/delivery_queue.ts";
import { LateArrivals } from "../../node/delivery/late_arrivals.ts";
import { orderingKey } from "../../node/delivery/order_lanes.ts";
import { decodeQueueState } from "../../node/delivery/queue_state.ts";
import { Dispatcher } from "../../node/dispatcher.ts";
import type { EventStore } from "../../node/mod.ts";
import { anEvent } from "../support/events.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** What the origin publishes for the destination: the number of an event, its key, and what becomes of it. */
interface Published {
  readonly epoch: number;
  readonly sequence: number;
  readonly previous: number;
  readonly key: string;
  /**
   * `ended`: a tombstone comes; `moved`: nothing comes, and only the origin knows. The chain goes past what comes outside of
   * it: without custody, or picked for anew.
   */
  readonly fate: "delivered" | "ended" | "moved" | "uncovered" | "anew";
}

function isInChain({ fate }: Published): boolean {
  return fate !== "uncovered" && fate !== "anew";
}

const KEY = "queue/test";
const EPOCH = 2 ** 32;

/** A destination with one ordered queue, to which an origin sends over ways that overtake each other. */
class Destination {
  readonly clock = new FakeClock();
  readonly coverages = new Coverages();
  readonly order: OriginOrder;
  readonly first: Published[] = [];
  readonly #published: readonly Published[];
  readonly #open: Set<Published>;
  readonly #store: EventStore;
  readonly #dispatcher: Dispatcher;
  readonly #openMax: number;
  readonly #seen = new Set<Published>();
  readonly #taken: number[] = [];
  readonly #over = new Set<number>();
  #queue: DeliveryQueue | undefined;
  #late: LateArrivals | undefined;

  constructor(store: EventStore, published: readonly Published[], openMax: number) {
    this.#store = store;
    this.#published = published;
    this.#openMax = openMax;
    this.#open = new Set(published.filter(isInChain));
    this.#dispatcher = new Dispatcher(store, this.clock);
    this.order = new OriginOrder({
      world: { now: this.clock.now, after: this.clock.after, randomInteger: () => 0 },
      self: "oslo",
      coverages: this.coverages,
      ask: (_, epoch) => this.#answer(epoch),
      save: () => {},
    });
  }

  /** Opens the queue where it was. */
  async open(): Promise<void> {
    const saved = await this.#store.readState(KEY);
    this.#late = new LateArrivals(this.#store, () => this.#queue?.takenUpTo ?? 0);
    this.#queue = new DeliveryQueue(this.#dispatcher, this.clock, {
      stateKey: KEY,
      pattern: ">",
      accepts: () => true,
      ordered: true,
      arrivals: { order: this.order, late: this.#late },
      openMax: this.#openMax,
      from: saved === undefined ? 0 : decodeQueueState(saved),
      onError: (error) => {
        throw error;
      },
    });
    this.#taken.length = 0;
    await this.#queue.start();
  }

  /** Stops the queue, what members hold being given up. */
  async close(): Promise<void> {
    await this.#queue!.close();
    this.#late!.close();
  }

  async arrive(events: readonly Published[]): Promise<void> {
    const here = events.filter(({ fate }) => fate !== "ended" && fate !== "moved");
    this.coverages.stage(events.flatMap((event) => {
      if (event.fate === "moved" || !isInChain(event)) return [];
      const staged = new Coverage("paris", event.epoch);
      staged.cover(event.previous, event.sequence);
      return staged;
    }));
    await this.#store.commit(here.map(({ epoch, sequence, key }) => ({
      event: anEvent({ id: `${epoch}/${sequence}`, attributes: { partitionkey: key } }),
      topic: "order.placed",
      ttlMs: 0,
      origin: { cluster: "paris", epoch, sequence },
      audience: { ungrouped: true, groups: [] },
    })));
    for (const event of events) {
      this.#open.delete(event);
      const { epoch, previous, sequence, fate } = event;
      if (fate === "anew") this.coverages.of("paris", pickedAnew(epoch)).cover(sequence - 1, sequence);
      else if (isInChain(event) && fate !== "moved") this.coverages.of("paris", epoch).cover(previous, sequence);
    }
    this.coverages.stage([]);
    this.order.noteCovered("paris");
    await this.clock.advance(0);
  }

  take(eventsMax: number): void {
    for (const { stored } of this.#queue!.take(eventsMax)) {
      const { epoch, sequence, position, event } = stored;
      const published = this.#published.find((other) => other.epoch === epoch && other.sequence === sequence)!;
      expect(orderingKey(event)).toBe(`k${published.key}`);
      if (this.#taken.includes(position) || this.#over.has(position)) {
        throw new Error(`${position} was handed out again`);
      }
      this.#taken.push(position);
      if (this.#seen.has(published)) continue;
      this.#seen.add(published);
      this.first.push(published);
    }
  }

  async acknowledge(which: number): Promise<void> {
    const [position] = this.#taken.splice(which % Math.max(1, this.#taken.length), 1);
    if (position !== undefined) {
      this.#queue!.acknowledge(position);
      this.#over.add(position);
    }
    await this.clock.advance(0);
  }

  get isEmpty(): boolean {
    return this.#queue!.lag === 0;
  }

  #answer(epoch: number): void {
    const open = [...this.#open].filter((event) => event.epoch === epoch).map(({ previous }) => previous);
    const openFrom = Math.min(3 * EPOCH, ...[...this.#open].map((event) => event.epoch));
    const last = this.#published.findLast((event) => event.epoch === epoch)?.sequence ?? 0;
    this.order.heard("paris", { epoch, version: 1, low: Math.min(last, ...open), closed: false, openFrom });
  }
}

const chains = fc.array(
  fc.record({
    newEpoch: fc.nat(9).map((n) => n === 0),
    skipped: fc.nat(3),
    key: fc.constantFrom("a", "b", "c"),
    fate: fc.constantFrom("delivered", "delivered", "delivered", "delivered", "ended", "moved", "uncovered", "anew"),
  }),
  { minLength: 1, maxLength: 60 },
).map((steps): Published[] => {
  let epoch = EPOCH;
  let sequence = 0;
  let last = 0;
  return steps.map(({ newEpoch, skipped, key, fate }) => {
    if (newEpoch && epoch === EPOCH) [epoch, sequence, last] = [2 * EPOCH, 0, 0];
    sequence += 1 + skipped;
    const published = { epoch, previous: last, sequence, key, fate: fate as Published["fate"] };
    if (isInChain(published)) last = sequence;
    return published;
  });
});

const step = fc.oneof(
  fc.record({ do: fc.constant("arrive" as const), count: fc.integer({ min: 1, max: 4 }), reach: fc.nat(30) }),
  fc.record({ do: fc.constant("take" as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant("acknowledge" as const), which: fc.nat(10) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 2000 }) }),
  fc.constant({ do: "restart" as const }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function run(published: readonly Published[], steps: readonly Step[], openMax: number): Promise<Destination> {
  const store = await openMemoryStore({ cluster: "oslo" });
  const destination = new Destination(store, published, openMax);
  const underWay = [...published];
  const arrive = (reach: number) => destination.arrive(underWay.splice(reach % Math.max(1, underWay.length), 1));
  await destination.open();
  for (const now of steps) {
    if (now.do === "arrive") { for (let i = 0; i < now.count; i++) await arrive(now.reach); }
    else if (now.do === "take") destination.take(now.count);
    else if (now.do === "acknowledge") await destination.acknowledge(now.which);
    else if (now.do === "wait") await destination.clock.advance(now.ms);
    else {
      await destination.close();
      await destination.open();
    }
  }
  while (underWay.length > 0) await arrive(underWay.length - 1);
  for (let i = 0; i < 400 && !destination.isEmpty; i++) {
    destination.take(5);
    await destination.acknowledge(0);
    if (i % 5 === 0) await destination.clock.advance(1000);
  }
  await destination.close();
  await store.close();
  return destination;
}

describe("An ordered DeliveryQueue on OriginOrder", () => {
  it("hands out the events of a key as their origin published them, and all of them, in whatever order they arrive", async () => {
    const plan = fc.tuple(chains, fc.array(step, { maxLength: 80 }), fc.integer({ min: 2, max: 20 }));
    await fc.assert(
      fc.asyncProperty(plan, async ([published, steps, openMax]) => {
        const { first } = await run(published, steps, openMax);
        const placeless = published.filter(({ fate }) => fate === "uncovered" || fate === "anew");
        expect(first.filter((event) => !isInChain(event)).length).toBe(placeless.length);
        for (const key of ["a", "b", "c"]) {
          const expected = published.filter((event) => event.key === key && event.fate === "delivered");
          const ids = (events: readonly Published[]) => events.map(({ epoch, sequence }) => `${epoch}/${sequence}`);
          expect(ids(first.filter((event) => event.key === key && isInChain(event)))).toEqual(ids(expected));
        }
      }),
      { numRuns: 300 },
    );
  });
});
