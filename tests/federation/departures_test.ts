import { describe, expect, it } from "bun:test";

import { Departures, type DeparturesParts, DISPATCHED_KEY } from "../../federation/custody/departures.ts";
import { decodeRuns } from "../../federation/custody/run_document.ts";
import type { Shipment } from "../../federation/custody/shipment.ts";
import { Books } from "../../federation/ledger/books.ts";
import { encodeRecord } from "../../node/event_record.ts";
import { anEvent } from "../support/events.ts";
import { FAKE_EPOCH, FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";

const BOB = { cluster: "bob", ungrouped: true, groups: [] };
const CHARLIE = { cluster: "charlie", ungrouped: true, groups: [] };

class Setup {
  readonly world = new FakeWorld();
  readonly log: FakeLog;
  readonly books: Books;
  readonly departures: Departures;
  readonly shipments: Shipment[] = [];
  readonly errors: unknown[] = [];
  readonly reached: number[] = [];
  readonly settled: string[] = [];
  /** Where events of a topic have to go. */
  wanted: Record<string, readonly (typeof BOB)[]> = { "order.placed": [BOB], "order.moved": [BOB, CHARLIE] };
  /** What is left to custody of topics that are not meant to be in it. */
  leftOver: Record<string, readonly (typeof BOB)[]> = {};
  matched = 0;
  /** By the id of an event. */
  filter: ((id: string) => boolean) | undefined;
  nobody = false;
  #marks = 0;

  constructor({ log = new FakeLog(), start = 0 }: { log?: FakeLog; start?: number } = {}) {
    this.log = log;
    const { epoch } = log.incarnation;
    this.books = new Books({ self: "alice", epoch, onSettled: ({ key }) => this.settled.push(key) });
    const parts: DeparturesParts = {
      world: this.world,
      self: "alice",
      log,
      books: this.books,
      destinationsOf: (topic, event) => {
        this.matched++;
        if (this.filter !== undefined && !this.filter(event().attributes.id)) return [];
        return this.wanted[topic] ?? [];
      },
      leftToCustody: ({ topic }) => this.leftOver[topic],
      nobodyElsewhere: () => this.nobody,
      travels: ({ topic }) => !topic.startsWith("weft-system"),
      laneOf: (topic) => topic.startsWith("bulk") ? "bulk" : "normal",
      newMark: () => `m${this.#marks++}`,
      onShipment: (shipment) => this.shipments.push(shipment),
      onDispatched: (position) => this.reached.push(position),
      onError: (error) => this.errors.push(error),
    };
    this.departures = new Departures(parts);
    this.departures.start(start);
  }

  get left(): string[] {
    return this.shipments.map(({ position, count, destinations }) =>
      `${position}+${count} ${destinations.map(({ cluster, previous }) => `${cluster}<${previous}`).join(" ")}`
    );
  }
}

function released(): Setup {
  const setup = new Setup();
  setup.departures.release();
  return setup;
}

describe("Departures", () => {
  it("holds every event until what others want is known", () => {
    const setup = new Setup();
    setup.log.append({});
    expect([setup.departures.held, setup.matched, setup.shipments]).toEqual([true, 0, []]);
    setup.departures.release();
    expect([setup.departures.held, setup.left]).toEqual([false, ["1+1 bob<0"]]);
  });

  it("makes the destinations durable before an event leaves", () => {
    const setup = released();
    setup.log.held = true;
    setup.log.append({});
    expect(setup.shipments).toEqual([]);
    setup.log.flush();
    expect(setup.left).toEqual(["1+1 bob<0"]);
  });

  it("writes runs, books and place in one commit", () => {
    const setup = released();
    setup.log.append({ type: "order.moved" });
    expect(setup.log.commits.map(({ changes }) => changes.map(({ key }) => key))).toEqual([[
      "federation/custody/m0/0000000000000001",
      DISPATCHED_KEY,
      `federation/assigned/bob/${FAKE_EPOCH}`,
      `federation/assigned/charlie/${FAKE_EPOCH}`,
    ]]);
    const [shipment] = setup.shipments;
    const { document, ...run } = shipment;
    expect(decodeRuns(setup.log.content.documents.get(document.key)!, 1)).toEqual([
      { sequences: undefined, ended: undefined, ...run, firstSequence: 1 },
    ]);
    expect(setup.log.text(DISPATCHED_KEY)).toBe("1");
  });

  it("tells each destination the number of the origin's event before it there", () => {
    const setup = released();
    setup.log.append({}, { type: "order.moved" }, { type: "order.lost" }, { type: "order.moved" });
    expect(setup.left).toEqual(["1+1 bob<0", "2+1 bob<1 charlie<0", "4+1 bob<2 charlie<2"]);
  });

  it("makes one run of consecutive events with the same destinations and lane", () => {
    const setup = new Setup();
    setup.log.append({}, {}, {});
    setup.departures.release();
    expect(setup.left).toEqual(["1+3 bob<0"]);
    expect(setup.shipments[0].bytes).toBe(setup.log.content.events.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it("looks once for the destinations of a topic that follows itself", () => {
    const setup = new Setup();
    setup.log.append({}, {}, { type: "order.moved" }, { type: "order.moved" }, {});
    setup.departures.release();
    expect([setup.matched, setup.left]).toEqual([3, ["1+2 bob<0", "3+2 bob<2 charlie<0", "5+1 bob<4"]]);
  });

  it("looks for those of each event where not only its topic counts", () => {
    const setup = new Setup();
    setup.filter = (id) => id !== "b";
    setup.log.append({ id: "a" }, { id: "b" }, { id: "c" });
    setup.departures.release();
    expect([setup.matched, setup.left]).toEqual([3, ["1+1 bob<0", "3+1 bob<1"]]);
  });

  it("begins another run behind an event that goes nowhere", () => {
    const setup = new Setup();
    setup.log.append({}, { type: "order.lost" }, {});
    setup.departures.release();
    expect(setup.left).toEqual(["1+1 bob<0", "3+1 bob<1"]);
  });

  it("begins another run for another lane", () => {
    const setup = new Setup();
    setup.wanted["bulk.data"] = [BOB];
    setup.log.append({}, { type: "bulk.data" });
    setup.departures.release();
    expect(setup.shipments.map(({ lane }) => lane)).toEqual(["normal", "bulk"]);
  });

  it("counts the pairs of a document, which the books need", () => {
    const setup = new Setup();
    setup.log.append({}, {}, { type: "order.moved" });
    setup.departures.release();
    const { document } = setup.shipments[0];
    expect(document).toMatchObject({ first: 1, last: 3, open: 4, owed: true });
    expect(setup.shipments.every((shipment) => shipment.document === document)).toBe(true);
    expect(setup.departures.counts).toEqual({ events: 3, pairs: 4 });
  });

  it("assigns each event to the books of its destinations", () => {
    const setup = new Setup();
    setup.log.append({}, { type: "order.lost" }, {});
    setup.departures.release();
    const book = setup.books.current("bob");
    expect([book.assigned, book.last, [...book.outstanding]]).toEqual([2, 3, [[0, 1], [2, 3]]]);
  });

  it("shelves the document with the books, which settle it at the last end", () => {
    const setup = released();
    setup.log.append({ type: "order.moved" });
    setup.shipments[0].document.open = 0;
    setup.books.end("bob", FAKE_EPOCH, 1, "delivered");
    expect(setup.settled).toEqual([]);
    setup.books.end("charlie", FAKE_EPOCH, 1, "delivered");
    expect(setup.settled).toEqual([setup.shipments[0].document.key]);
  });

  it("lets no event of another cluster leave again", () => {
    const setup = released();
    const record = encodeRecord({ event: anEvent(), topic: "order.placed", ttlMs: 0 });
    const origin = { cluster: "eve", epoch: 1, sequence: 9 };
    const audience = { ungrouped: true, groups: [] };
    setup.log.commit([{ event: anEvent(), topic: "order.placed", ttlMs: 0, origin, audience, record }], [], () => {});
    expect([setup.shipments, setup.departures.dispatched]).toEqual([[], 1]);
  });

  it("lets no event leave that may not travel", () => {
    const setup = released();
    setup.wanted["weft-system.started"] = [BOB];
    setup.log.append({ type: "weft-system.started" });
    expect(setup.shipments).toEqual([]);
  });

  it("matches nothing while nobody elsewhere wants anything", () => {
    const setup = released();
    setup.nobody = true;
    setup.log.append({}, {});
    expect([setup.matched, setup.departures.dispatched]).toEqual([0, 2]);
  });

  it("says how far it is", () => {
    const setup = released();
    setup.log.append({}, { type: "order.lost" });
    expect([setup.reached, setup.departures.dispatched]).toEqual([[1, 2], 2]);
  });

  it("stops", () => {
    const setup = released();
    setup.departures.stop();
    setup.log.append({});
    expect(setup.shipments).toEqual([]);
  });
});

describe("Departures after a restart", () => {
  it("go on after the place that is durable, and match nothing again", () => {
    const log = new FakeLog();
    const before = new Setup({ log });
    before.departures.release();
    log.append({}, {});
    const after = new Setup({ log: new FakeLog({ content: log.content }), start: Number(log.text(DISPATCHED_KEY)) });
    after.departures.release();
    expect([after.matched, after.shipments]).toEqual([0, []]);
  });

  it("find the destinations of events that were accepted before it and not dispatched", () => {
    const setup = new Setup();
    setup.log.append({}, {}, {});
    const after = new Setup({ log: new FakeLog({ content: setup.log.content }), start: 1 });
    after.departures.release();
    expect(after.left).toEqual(["2+2 bob<0"]);
  });

  it("keep epochs in documents of their own, each with its own numbers", () => {
    const before = new FakeLog();
    before.append({}, {});
    const log = new FakeLog({ content: before.content, epoch: FAKE_EPOCH + 2 ** 32 });
    log.append({});
    const setup = new Setup({ log });
    setup.departures.release();
    expect(setup.left).toEqual(["1+2 bob<0", "3+1 bob<0"]);
    expect(setup.shipments.map(({ epoch, document }) => [epoch, document.last])).toEqual([
      [FAKE_EPOCH, 2],
      [FAKE_EPOCH + 2 ** 32, 3],
    ]);
  });

  it("read what came while they were behind, each event once and in order", () => {
    const setup = new Setup();
    setup.log.append({}, {});
    const after = new Setup({ log: new FakeLog({ content: setup.log.content }) });
    after.log.held = true;
    after.departures.release();
    after.log.append({});
    after.log.held = false;
    for (let i = 0; i < 4; i++) after.log.flush();
    expect(after.left).toEqual(["1+3 bob<0"]);
  });

  it("skip events that the log no longer has", () => {
    const setup = new Setup();
    setup.log.append({}, {}, {});
    setup.log.content.thin(({ position }) => position >= 3);
    const after = new Setup({ log: new FakeLog({ content: setup.log.content }) });
    after.departures.release();
    expect([after.left, after.departures.dispatched]).toEqual([["3+1 bob<0"], 3]);
  });
});

describe("Departures while the store fails", () => {
  it("try the commit again, and nothing leaves before it worked", () => {
    const setup = released();
    setup.log.failure = new Error("disk full");
    setup.log.append({});
    expect([setup.errors.length, setup.shipments, setup.departures.dispatched]).toEqual([1, [], 0]);
    setup.log.failure = undefined;
    setup.world.advance(250);
    expect([setup.left, setup.departures.dispatched]).toEqual([["1+1 bob<0"], 1]);
  });

  it("keep the order of what came meanwhile", () => {
    const setup = released();
    setup.log.failure = new Error("disk full");
    setup.log.append({}, {});
    setup.log.failure = undefined;
    setup.world.advance(250);
    expect(setup.left).toEqual(["1+1 bob<0", "2+1 bob<1"]);
  });

  it("try to read again", () => {
    const before = new Setup();
    before.log.append({});
    const setup = new Setup({ log: new FakeLog({ content: before.log.content }) });
    setup.log.readFailure = new Error("no disk");
    setup.departures.release();
    expect([setup.errors.length, setup.shipments]).toEqual([1, []]);
    setup.log.readFailure = undefined;
    setup.world.advance(250);
    expect(setup.left).toEqual(["1+1 bob<0"]);
  });

  it("do not try again once stopped", () => {
    const setup = released();
    setup.log.failure = new Error("disk full");
    setup.log.append({});
    setup.departures.stop();
    setup.world.advance(1000);
    expect(setup.log.commits).toHaveLength(1);
  });
});

describe("Departures of events that are not meant to be in custody", () => {
  it("take on only what is left to custody, and chain only that", () => {
    const setup = released();
    setup.leftOver = { "order.metric": [], "order.half": [CHARLIE] };
    for (const type of ["order.placed", "order.metric", "order.half", "order.metric", "order.moved"]) {
      setup.log.append({ type });
    }
    expect(setup.left).toEqual(["1+1 bob<0", "3+1 charlie<0", "5+1 bob<1 charlie<3"]);
    expect(setup.reached.at(-1)).toBe(5);
  });
});

describe("Departures of nothing", () => {
  it("write their place down once a second", () => {
    const setup = released();
    setup.log.append({ type: "order.lost" }, { type: "order.lost" });
    expect(setup.log.commits).toHaveLength(0);
    setup.world.advance(1000);
    expect([setup.log.commits.length, setup.log.text(DISPATCHED_KEY)]).toEqual([1, "2"]);
    setup.world.advance(5000);
    expect(setup.log.commits).toHaveLength(1);
  });

  it("write nothing down that a commit has told already", () => {
    const setup = released();
    setup.log.append({ type: "order.lost" }, {});
    setup.world.advance(5000);
    expect(setup.log.commits).toHaveLength(1);
  });
});

describe("Departures with a long backlog", () => {
  it("dispatch every event once, in order, whatever fits memory", () => {
    const setup = new Setup();
    for (let i = 0; i < 9000; i++) setup.log.append({ id: `e${i}` });
    setup.departures.release();
    const numbers = setup.shipments.flatMap(({ firstSequence, count }) =>
      Array.from({ length: count }, (_, i) => firstSequence + i)
    );
    expect(numbers).toEqual(Array.from({ length: 9000 }, (_, i) => i + 1));
    expect([...setup.books.current("bob").outstanding]).toEqual([[0, 9000]]);
  });
});
