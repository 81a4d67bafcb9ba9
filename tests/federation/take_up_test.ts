import { describe, expect, it } from "bun:test";

import { custodyKey, encodeRuns } from "../../federation/custody/run_document.ts";
import type { Run } from "../../federation/custody/shipment.ts";
import { takeUpCustody } from "../../federation/custody/take_up.ts";
import { Books } from "../../federation/ledger/books.ts";
import type { StateEntry } from "../../node/mod.ts";
import { FAKE_EPOCH } from "../support/fake_log.ts";
import { aDestination } from "./frame_support.ts";
import { aRun } from "./shipment_support.ts";

function someBooks(): { books: Books; settled: string[] } {
  const settled: string[] = [];
  return {
    settled,
    books: new Books({ self: "alice", epoch: FAKE_EPOCH + 2 ** 32, onSettled: ({ key }) => settled.push(key) }),
  };
}

function entry(runs: readonly Run[], first: number, mark = "m"): StateEntry {
  return { key: custodyKey(mark, first), value: encodeRuns(runs, first) };
}

const ownRun = (overrides: Partial<Run> = {}): Run => aRun({ position: 1, count: 4, ...overrides });
const transitRun = (overrides: Partial<Run> = {}): Run => aRun({ origin: "eve", hops: ["eve"], ...overrides });

describe("takeUpCustody()", () => {
  it("takes up everything that is owed for others, in the order of positions", () => {
    const { books } = someBooks();
    const entries = [entry([transitRun({ position: 70 })], 70, "a"), entry([transitRun({ position: 8 })], 8, "b")];
    const taken = takeUpCustody(entries, { self: "alice", books });
    expect(taken.map(({ document, shipments }) => [document.first, shipments[0].position])).toEqual([[8, 8], [70, 70]]);
  });

  it("counts what is open in each document", () => {
    const { books } = someBooks();
    const destinations = [aDestination(), aDestination({ cluster: "charlie" })];
    const runs = [transitRun({ position: 5, count: 3 }), transitRun({ position: 8, count: 2, destinations })];
    const [{ document }] = takeUpCustody([entry(runs, 5)], { self: "alice", books });
    expect(document).toEqual({ key: custodyKey("m", 5), first: 5, last: 9, open: 7, owed: false });
  });

  it("takes up own events that are outstanding and that no next hop has", () => {
    const { books } = someBooks();
    const book = books.of("bob", FAKE_EPOCH);
    book.assign(0, 4);
    const [{ document, shipments }] = takeUpCustody([entry([ownRun()], 1)], { self: "alice", books });
    expect(shipments).toMatchObject([{ position: 1, count: 4, document }]);
    expect(document).toMatchObject({ open: 4, owed: true });
  });

  it("leaves out what has ended, and continues the chain over it", () => {
    const { books } = someBooks();
    const book = books.of("bob", FAKE_EPOCH);
    book.assign(0, 4);
    book.end(1, 2, "delivered");
    const [{ document, shipments }] = takeUpCustody([entry([ownRun()], 1)], { self: "alice", books });
    expect(shipments.map(({ position, count, destinations: [{ previous }] }) => [position, count, previous]))
      .toEqual([[1, 1, 0], [3, 2, 2]]);
    expect(document.open).toBe(3);
  });

  it("leaves out what the first hop has taken, but the books still need the document", () => {
    const { books, settled } = someBooks();
    const book = books.of("bob", FAKE_EPOCH);
    book.assign(0, 4);
    book.handOver(0, 4);
    const [{ document, shipments }] = takeUpCustody([entry([ownRun()], 1)], { self: "alice", books });
    expect([shipments, document.open, document.owed]).toEqual([[], 0, true]);
    books.receive("bob", FAKE_EPOCH, { intervals: [[0, 4]], exceptions: [] });
    expect(settled).toEqual([document.key]);
  });

  it("leaves nothing of a document that everybody has told the end of", () => {
    const { books } = someBooks();
    const book = books.of("bob", FAKE_EPOCH);
    book.assign(0, 4);
    book.end(0, 4, "delivered");
    const [{ document, shipments }] = takeUpCustody([entry([ownRun()], 1)], { self: "alice", books });
    expect([shipments, document.open, document.owed]).toEqual([[], 0, false]);
  });

  it("judges each destination by its own book", () => {
    const { books } = someBooks();
    books.of("bob", FAKE_EPOCH).assign(0, 4);
    const charlie = books.of("charlie", FAKE_EPOCH);
    charlie.assign(0, 4);
    charlie.end(0, 3, "delivered");
    const destinations = [aDestination(), aDestination({ cluster: "charlie" })];
    const [{ shipments }] = takeUpCustody([entry([ownRun({ destinations })], 1)], { self: "alice", books });
    expect(
      shipments.map((
        { position, count, destinations: [{ cluster, previous }] },
      ) => [position, count, cluster, previous]),
    )
      .toEqual([[1, 4, "bob", 0], [4, 1, "charlie", 3]]);
  });

  it("waits for every destination that has something outstanding, and for no other", () => {
    const { books, settled } = someBooks();
    for (const cluster of ["bob", "charlie"]) books.of(cluster, FAKE_EPOCH).assign(0, 4);
    books.of("bob", FAKE_EPOCH).handOver(0, 4);
    books.of("charlie", FAKE_EPOCH).end(0, 4, "delivered");
    const destinations = [aDestination(), aDestination({ cluster: "charlie" })];
    takeUpCustody([entry([ownRun({ destinations })], 1)], { self: "alice", books });
    books.receive("bob", FAKE_EPOCH, { intervals: [[0, 4]], exceptions: [] });
    expect(settled).toHaveLength(1);
  });

  it("takes an own event that came back over others for one in transit", () => {
    const { books } = someBooks();
    const run = aRun({ hops: ["alice", "bob"], destinations: [aDestination({ cluster: "charlie" })] });
    const [{ document, shipments }] = takeUpCustody([entry([run], 1)], { self: "alice", books });
    expect([shipments.length, document.owed]).toEqual([1, false]);
  });

  it("throws for a document that it cannot read", () => {
    const { books } = someBooks();
    const value = new TextEncoder().encode("{}");
    expect(() => takeUpCustody([{ key: custodyKey("m", 1), value }], { self: "alice", books })).toThrow(SyntaxError);
  });
});

describe("takeUpCustody() of ends", () => {
  it("takes up what this side has ended, so that the destination learns it", () => {
    const { books } = someBooks();
    const book = books.of("bob", FAKE_EPOCH);
    book.assign(0, 4);
    book.presume(1, 3, "expired");
    const [{ document, shipments }] = takeUpCustody([entry([ownRun()], 1)], { self: "alice", books });
    expect(shipments.map(({ position, count, ended }) => [position, count, ended]))
      .toEqual([[1, 1, undefined], [2, 2, "expired"], [4, 1, undefined]]);
    expect([document.open, document.owed]).toEqual([4, true]);
  });

  it("takes up events between which others were", () => {
    const { books } = someBooks();
    books.of("bob", FAKE_EPOCH).assign(0, 2);
    books.of("bob", FAKE_EPOCH).assign(6, 7);
    const run = ownRun({ count: 3, sequences: [1, 2, 7], positions: [1, 2, 7] });
    const [{ document, shipments }] = takeUpCustody([entry([run], 1)], { self: "alice", books });
    expect([document.last, shipments[0].positions]).toEqual([7, [1, 2, 7]]);
    expect([...books.of("bob", FAKE_EPOCH).outstanding]).toEqual([[0, 2], [6, 7]]);
  });
});

describe("takeUpCustody() of a store that does not sync", () => {
  it("sends once more what the first hop has taken, for the books may have lost its end", () => {
    const { books } = someBooks();
    const book = books.of("bob", FAKE_EPOCH);
    book.assign(0, 4);
    book.handOver(0, 4);
    const [{ shipments }] = takeUpCustody([entry([ownRun()], 1)], { self: "alice", books, syncs: false });
    expect(shipments).toMatchObject([{ position: 1, count: 4 }]);
  });
});
