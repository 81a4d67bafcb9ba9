import { describe, expect, it } from "bun:test";

import type { CustodyDocument } from "../../federation/custody/shipment.ts";
import { IntervalSet } from "../../federation/intervals/mod.ts";
import { DocumentShelf } from "../../federation/ledger/document_shelf.ts";
import { aDocument } from "./shipment_support.ts";

const EPOCH = 3;

/** Documents of ten positions each: 1–10, 11–20 … */
function aShelf(count: number, destinations: readonly string[] = ["bob"]) {
  const shelf = new DocumentShelf();
  for (let i = 0; i < count; i++) {
    shelf.add(aDocument({ key: `d${i}`, first: 10 * i + 1, last: 10 * i + 10 }), EPOCH, destinations);
  }
  return shelf;
}

const keys = (documents: readonly CustodyDocument[]): string[] => documents.map(({ key }) => key);

describe("DocumentShelf.settle()", () => {
  it("answers the documents in which nothing is outstanding any more", () => {
    const settled = aShelf(4).settle(EPOCH, "bob", { after: 0, to: 25, outstanding: new IntervalSet([[25, 40]]) });
    expect(keys(settled)).toEqual(["d0", "d1"]);
  });

  it("answers each document once", () => {
    const shelf = aShelf(2);
    const outstanding = new IntervalSet();
    shelf.settle(EPOCH, "bob", { after: 0, to: 10, outstanding });
    expect(keys(shelf.settle(EPOCH, "bob", { after: 0, to: 20, outstanding }))).toEqual(["d1"]);
  });

  it("looks only at what has ended", () => {
    const shelf = aShelf(4);
    expect(keys(shelf.settle(EPOCH, "bob", { after: 12, to: 13, outstanding: new IntervalSet() }))).toEqual(["d1"]);
    expect(keys(shelf.settle(EPOCH, "bob", { after: 20, to: 31, outstanding: new IntervalSet() }))).toEqual([
      "d2",
      "d3",
    ]);
  });

  it("finds a document by its very first and its very last position", () => {
    const outstanding = new IntervalSet();
    expect(keys(aShelf(3).settle(EPOCH, "bob", { after: 10, to: 11, outstanding }))).toEqual(["d1"]);
    expect(keys(aShelf(3).settle(EPOCH, "bob", { after: 19, to: 20, outstanding }))).toEqual(["d1"]);
  });

  it("keeps a document whose first or last position is outstanding", () => {
    const ended = { after: 0, to: 10 };
    expect(aShelf(1).settle(EPOCH, "bob", { ...ended, outstanding: new IntervalSet([[0, 1]]) })).toEqual([]);
    expect(aShelf(1).settle(EPOCH, "bob", { ...ended, outstanding: new IntervalSet([[9, 10]]) })).toEqual([]);
  });

  it("does not mistake a neighbour's outstanding positions for its own", () => {
    const outstanding = new IntervalSet([[0, 10], [20, 30]]);
    expect(keys(aShelf(3).settle(EPOCH, "bob", { after: 10, to: 20, outstanding }))).toEqual(["d1"]);
  });

  it("waits for every destination of a document", () => {
    const shelf = aShelf(1, ["bob", "charlie"]);
    const all = { after: 0, to: 10, outstanding: new IntervalSet() };
    expect(shelf.settle(EPOCH, "bob", all)).toEqual([]);
    expect(shelf.settle(EPOCH, "bob", all)).toEqual([]);
    expect(keys(shelf.settle(EPOCH, "charlie", all))).toEqual(["d0"]);
  });

  it("keeps what lies between documents that are settled", () => {
    const shelf = aShelf(3);
    const all = { after: 0, to: 30 };
    expect(keys(shelf.settle(EPOCH, "bob", { ...all, outstanding: new IntervalSet([[14, 15]]) }))).toEqual([
      "d0",
      "d2",
    ]);
    expect(keys(shelf.settle(EPOCH, "bob", { ...all, outstanding: new IntervalSet() }))).toEqual(["d1"]);
  });

  it("keeps epochs apart", () => {
    expect(aShelf(1).settle(EPOCH + 1, "bob", { after: 0, to: 10, outstanding: new IntervalSet() })).toEqual([]);
  });
});

describe("DocumentShelf.replace()", () => {
  it("has one document stand for several, until all of them are settled", () => {
    const [d0, d1, d2] = [0, 1, 2].map((i) => aDocument({ key: `d${i}`, first: 10 * i + 1, last: 10 * i + 10 }));
    const own = new DocumentShelf();
    for (const document of [d0, d1, d2]) own.add(document, EPOCH, ["bob"]);
    const one = aDocument({ key: "one", first: 1, last: 20 });
    expect(own.replace([d0, d1], one)).toBe(true);
    expect([own.areNeighbours(one, d2), own.areNeighbours(d0, d1)]).toEqual([true, false]);
    const outstanding = new IntervalSet([[15, 16]]);
    expect(own.settle(EPOCH, "bob", { after: 0, to: 20, outstanding })).toEqual([]);
    expect(keys(own.settle(EPOCH, "bob", { after: 0, to: 20, outstanding: new IntervalSet() }))).toEqual(["one"]);
  });

  it("waits for the destinations of all of them", () => {
    const [d0, d1] = [0, 1].map((i) => aDocument({ key: `d${i}`, first: 10 * i + 1, last: 10 * i + 10 }));
    const shelf = new DocumentShelf();
    shelf.add(d0, EPOCH, ["bob"]);
    shelf.add(d1, EPOCH, ["charlie"]);
    const one = aDocument({ key: "one", first: 1, last: 20 });
    shelf.replace([d0, d1], one);
    expect([...shelf.openIn(one)!.destinations]).toEqual(["bob", "charlie"]);
  });

  it("takes the place of those that are still there, and says when none is", () => {
    const [d0, d1] = [0, 1].map((i) => aDocument({ key: `d${i}`, first: 10 * i + 1, last: 10 * i + 10 }));
    const shelf = new DocumentShelf();
    shelf.add(d1, EPOCH, ["bob"]);
    const one = aDocument({ key: "one", first: 1, last: 20 });
    expect(shelf.replace([d0, d1], one)).toBe(true);
    expect(shelf.openIn(d1)).toBeUndefined();
    expect(shelf.replace([d0, d1], one)).toBe(false);
  });
});
