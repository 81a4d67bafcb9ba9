import { beforeEach, describe, expect, it } from "bun:test";

import { Custody } from "../../federation/custody/custody.ts";
import { CustodyDocuments } from "../../federation/custody/documents.ts";
import { CUSTODY_PREFIX, custodyKey, encodeRuns } from "../../federation/custody/run_document.ts";
import type { CustodyDocument, Run, Shipment } from "../../federation/custody/shipment.ts";
import { takeUpCustody } from "../../federation/custody/take_up.ts";
import { Upkeep } from "../../federation/custody/upkeep.ts";
import { Book } from "../../federation/ledger/book.ts";
import { Books } from "../../federation/ledger/books.ts";
import { FAKE_EPOCH, FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aDestination } from "./frame_support.ts";
import { aRun } from "./shipment_support.ts";

/** A cluster without a way to anybody, to which events come one by one, each with a document of its own. */
class Backlog {
  readonly log = new FakeLog();
  readonly documents = new CustodyDocuments();
  readonly errors: unknown[] = [];
  readonly #settled = (document: CustodyDocument): void => {
    this.documents.remove(document);
    this.log.commit([], [{ key: document.key, value: undefined }], () => {});
  };
  readonly books = new Books({ self: "alice", epoch: FAKE_EPOCH, onSettled: this.#settled });
  readonly custody = new Custody({
    world: new FakeWorld(),
    routesOf: () => ({ version: 1, nextHop: () => undefined, nextHopAvoiding: () => undefined }),
    onQueued: () => {},
    onSettled: this.#settled,
  });
  #marks = 0;
  readonly upkeep = new Upkeep({
    log: this.log,
    custody: this.custody,
    documents: this.documents,
    books: this.books,
    newMark: () => `m${this.#marks++}`,
    links: () => ({ neighbours: new Map(), congested: { congested: [] } }),
    laneGroups: [["high", "normal", "bulk"]],
    onSettled: this.#settled,
    onNotice: () => {},
    onError: (error) => this.errors.push(error),
  });

  /** An own event for some clusters. */
  own(...clusters: string[]): void {
    this.log.append({});
    const { head } = this.log;
    const destinations = clusters.map((cluster) => {
      const book = this.books.of(cluster, FAKE_EPOCH);
      const previous = book.last;
      book.assign(head - 1, head);
      return aDestination({ cluster, previous });
    });
    const document = this.#park(aRun({ position: head, firstSequence: head, destinations }));
    this.books.shelve(document, FAKE_EPOCH, clusters);
  }

  /** An event of another cluster on its way to bob. */
  transit(sequence: number, overrides: Partial<Run> = {}): void {
    this.log.append({ ttlMs: overrides.endsAt ?? 0 });
    const destinations = [aDestination({ cluster: "bob", previous: sequence - 1 })];
    const { head } = this.log;
    this.#park(
      aRun({
        origin: "eve",
        hops: ["eve"],
        position: head,
        firstSequence: sequence,
        sequences: [sequence],
        destinations,
        ...overrides,
      }),
    );
  }

  #park(run: Run): CustodyDocument {
    const key = custodyKey(`m${this.#marks++}`, run.position);
    this.log.commit([], [{ key, value: encodeRuns([run], run.position) }], () => {});
    const document = { key, first: run.position, last: run.position, open: run.destinations.length, owed: false };
    this.documents.add(document);
    this.custody.add({ ...run, document });
    return document;
  }

  get shipments(): Shipment[] {
    return [...this.custody.waiting()];
  }

  get stored(): string[] {
    return this.log.keys(`${CUSTODY_PREFIX}/`);
  }

  /** What a restart would find. */
  takenUp(): { shipments: Shipment[]; documents: CustodyDocument[] } {
    const books = new Books({ self: "alice", epoch: FAKE_EPOCH + 2 ** 32, onSettled: () => {} });
    for (const book of this.books) {
      const again = books.of(book.destination, book.epoch);
      again.load(book.toChange().value!);
      again.loadAssigned(book.toAssignedChange().value!);
    }
    const taken = takeUpCustody(this.log.content.list(`${CUSTODY_PREFIX}/`), { self: "alice", books });
    return { shipments: taken.flatMap(({ shipments }) => shipments), documents: taken.map(({ document }) => document) };
  }
}

const pairs = (shipments: readonly Shipment[]): string[] =>
  shipments.flatMap((shipment) =>
    Array.from({ length: shipment.count }, (_, i) => {
      const sequence = shipment.sequences?.[i] ?? shipment.firstSequence + i;
      return shipment.destinations.map(({ cluster }) => `${shipment.origin}/${sequence} ${cluster}`);
    }).flat()
  ).sort();

let backlog: Backlog;
beforeEach(() => {
  backlog = new Backlog();
});

describe("Upkeep.tick() for many small documents", () => {
  it("writes them as one, and keeps one shipment of it", () => {
    for (let i = 0; i < 200; i++) backlog.own("bob");
    backlog.upkeep.tick();
    expect(backlog.stored).toHaveLength(1);
    expect(backlog.shipments).toMatchObject([{ position: 1, count: 200, positions: undefined, sequences: undefined }]);
    expect([...backlog.documents]).toMatchObject([{ first: 1, last: 200, open: 200, owed: true }]);
  });

  it("leaves a few alone", () => {
    for (let i = 0; i < 50; i++) backlog.own("bob");
    backlog.upkeep.tick();
    expect(backlog.stored).toHaveLength(50);
  });

  it("keeps the chain of each destination where others get some of the events", () => {
    for (let i = 0; i < 200; i++) backlog.own(...i % 2 === 0 ? ["bob"] : ["bob", "charlie"]);
    const before = pairs(backlog.shipments);
    backlog.upkeep.tick();
    expect(backlog.stored).toHaveLength(1);
    expect(backlog.shipments).toHaveLength(2);
    expect(pairs(backlog.shipments)).toEqual(before);
    const forCharlie = backlog.shipments.find(({ destinations: [{ cluster }] }) => cluster === "charlie")!;
    expect([forCharlie.positions?.slice(0, 3), forCharlie.sequences?.slice(0, 3), forCharlie.destinations[0].previous])
      .toEqual([[2, 4, 6], [2, 4, 6], 0]);
  });

  it("leaves the same to a restart, for own events and for others", () => {
    for (let i = 1; i <= 150; i++) {
      backlog.own("bob", "charlie");
      backlog.transit(i * 3, { destinations: [aDestination({ cluster: "bob", previous: i * 3 - 3 })] });
    }
    const before = pairs(backlog.shipments);
    expect(pairs(backlog.takenUp().shipments)).toEqual(before);
    backlog.upkeep.tick();
    expect(backlog.stored).toHaveLength(2);
    const { shipments, documents } = backlog.takenUp();
    expect(pairs(shipments)).toEqual(before);
    expect(shipments.length).toBeLessThan(5);
    expect(documents.reduce((sum, { open }) => sum + open, 0)).toBe(450);
  });

  it("writes down with it what has ended, of which no document tells any more", () => {
    for (let i = 0; i < 100; i++) backlog.own("bob", "charlie");
    backlog.custody.forget("charlie"); // charlie has got them
    backlog.books.receive("charlie", FAKE_EPOCH, { intervals: [[0, 100]], exceptions: [] });
    backlog.upkeep.tick();
    expect(backlog.stored).toHaveLength(1);
    const saved = new Book("charlie", FAKE_EPOCH);
    saved.load(backlog.log.content.documents.get(saved.key)!);
    expect(saved.ended.delivered).toBe(100);
  });

  it("writes no book with it that the store has as it is", () => {
    const books = () => backlog.log.keys("federation/book/");
    const round = (ended: number) => {
      for (let i = 0; i < 100; i++) backlog.own("bob", "charlie");
      backlog.custody.forget("charlie");
      if (ended > 0) backlog.books.receive("charlie", FAKE_EPOCH, { intervals: [[0, ended]], exceptions: [] });
      for (const key of books()) backlog.log.commit([], [{ key, value: undefined }], () => {});
      backlog.upkeep.tick();
      return books();
    };
    expect(round(0)).toEqual([]);
    expect(round(150)).toEqual([`federation/book/charlie/${FAKE_EPOCH}`]);
    expect(round(0)).toEqual([]);
    expect(round(400)).toEqual([`federation/book/charlie/${FAKE_EPOCH}`]);
  });

  it("writes a book again that it could not write, or that changed while it was written", () => {
    const key = `federation/book/charlie/${FAKE_EPOCH}`;
    const delivered = () => JSON.parse(backlog.log.text(key)!).ended.delivered;
    for (let i = 0; i < 200; i++) backlog.own("bob", "charlie");
    backlog.custody.forget("charlie");
    backlog.books.receive("charlie", FAKE_EPOCH, { intervals: [[0, 100]], exceptions: [] });
    backlog.log.failure = new Error("disk gone");
    backlog.upkeep.tick();
    backlog.log.failure = undefined;
    backlog.log.held = true;
    backlog.upkeep.tick();
    backlog.books.receive("charlie", FAKE_EPOCH, { intervals: [[100, 200]], exceptions: [] });
    backlog.log.held = false;
    backlog.log.flush();
    expect(delivered()).toBe(100);
    backlog.upkeep.tick();
    expect(delivered()).toBe(200);
  });

  it("holds a long backlog in few documents and shipments", () => {
    for (let i = 0; i < 20_000; i++) {
      backlog.own("bob");
      if (i % 997 === 0) backlog.upkeep.tick();
    }
    backlog.upkeep.tick();
    expect(backlog.documents.size).toBeLessThan(70);
    expect(backlog.shipments.length).toBeLessThan(70);
    expect(backlog.shipments.reduce((sum, { count }) => sum + count, 0)).toBe(20_000);
  });

  it("leaves documents alone of which a part is on its way, or is with the next hop", () => {
    for (let i = 0; i < 100; i++) backlog.own("bob");
    const queue = backlog.custody.parked.get("bob")!;
    const [first] = [queue.take(1)];
    backlog.upkeep.tick();
    expect([...backlog.documents].map((document) => [document.first, document.last])).toEqual([[1, 1], [2, 100]]);
    backlog.books.handedOver([first]);
    backlog.custody.release([first]);
    backlog.upkeep.tick();
    expect(backlog.stored).toContain(first.document.key);
  });

  it("lets a document go when everything in it has ended, also what left while it was written", () => {
    for (let i = 0; i < 100; i++) backlog.own("bob");
    backlog.log.held = true;
    backlog.upkeep.tick();
    const left = [backlog.custody.parked.get("bob")!.take(1)];
    backlog.log.held = false;
    backlog.log.flush();
    expect([...backlog.documents]).toMatchObject([{ open: 100 }]);
    backlog.custody.release(left);
    expect([...backlog.documents]).toMatchObject([{ open: 99, owed: true }]);
    backlog.custody.release(backlog.custody.parked.get("bob")!.drain());
    backlog.books.receive("bob", FAKE_EPOCH, { intervals: [[0, 100]], exceptions: [] });
    expect([backlog.stored, backlog.documents.size]).toEqual([[], 0]);
  });

  it("does not bring back what has ended while it was written", () => {
    for (let i = 0; i < 100; i++) backlog.own("bob");
    backlog.log.held = true;
    backlog.upkeep.tick();
    backlog.custody.release(backlog.custody.parked.get("bob")!.drain());
    backlog.books.receive("bob", FAKE_EPOCH, { intervals: [[0, 100]], exceptions: [] });
    backlog.log.held = false;
    backlog.log.flush();
    expect([backlog.stored, backlog.documents.size]).toEqual([[], 0]);
  });

  it("leaves everything as it is when it cannot be written, and tries again", () => {
    for (let i = 0; i < 100; i++) backlog.own("bob");
    backlog.log.failure = new Error("disk gone");
    backlog.upkeep.tick();
    expect([backlog.errors.length, backlog.stored.length, backlog.shipments.length]).toEqual([1, 100, 100]);
    backlog.log.failure = undefined;
    backlog.upkeep.tick();
    expect(backlog.stored).toHaveLength(1);
  });

  it("writes down what has ended of other clusters' events, however few there are", () => {
    backlog.transit(1, { endsAt: 50 });
    backlog.transit(2);
    backlog.log.age = 60;
    backlog.upkeep.tick();
    backlog.upkeep.tick();
    const ended = backlog.takenUp().shipments.map(({ firstSequence, ended }) => [firstSequence, ended]);
    expect(ended).toEqual([[1, "expired"], [2, undefined]]);
    const writes = backlog.log.commits.length;
    backlog.upkeep.tick();
    expect(backlog.log.commits).toHaveLength(writes);
  });
});
