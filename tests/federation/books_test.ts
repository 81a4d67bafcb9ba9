import { describe, expect, it } from "bun:test";

import { Books } from "../../federation/ledger/books.ts";
import { aDestination } from "./frame_support.ts";
import { aDocument, aShipment } from "./shipment_support.ts";

const EPOCH = 9;

function someBooks() {
  const settled: string[] = [];
  const books = new Books({ self: "alice", epoch: EPOCH, onSettled: ({ key }) => settled.push(key) });
  return { books, settled };
}

const delivered = (...intervals: (readonly [number, number])[]) => ({ intervals, exceptions: [] });

describe("Books.receive()", () => {
  it("delivers what a destination covers", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 3);
    books.receive("bob", EPOCH, delivered([0, 2]));
    expect(books.current("bob").ended.delivered).toBe(2);
  });

  it("knows what was not delivered before it takes the rest for delivered", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 3);
    books.receive("bob", EPOCH, {
      intervals: [[0, 3]],
      exceptions: [{ sequence: 2, state: "rejected", reason: "DUPLICATE_ID" }],
    });
    expect(books.current("bob").ended).toMatchObject({ delivered: 2, rejected: 1 });
  });

  it("answers up to where everything has ended", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 5);
    expect(books.receive("bob", EPOCH, delivered([0, 2], [3, 4]))).toBe(2);
  });

  it("counts a receipt that comes again once", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 3);
    for (let i = 0; i < 3; i++) books.receive("bob", EPOCH, delivered([0, 3]));
    expect(books.current("bob").ended.delivered).toBe(3);
  });

  it("makes no book for who was never sent anything", () => {
    const { books } = someBooks();
    expect(books.receive("eve", EPOCH, delivered([0, 100]))).toBe(0);
    expect([...books]).toEqual([]);
  });

  it("keeps epochs apart", () => {
    const { books } = someBooks();
    books.of("bob", 1).assign(0, 3);
    books.current("bob").assign(0, 3);
    books.receive("bob", 1, delivered([0, 3]));
    expect(books.current("bob").ended.delivered).toBe(0);
  });

  it("settles documents that nobody owes anything any more", () => {
    const { books, settled } = someBooks();
    books.current("bob").assign(0, 4);
    const [first, second] = [
      aDocument({ key: "a", first: 1, last: 2, open: 0 }),
      aDocument({ key: "b", first: 3, last: 4, open: 0 }),
    ];
    for (const document of [first, second]) books.shelve(document, EPOCH, ["bob"]);
    books.receive("bob", EPOCH, delivered([0, 3]));
    expect([settled, first.owed, second.owed]).toEqual([["a"], false, true]);
  });

  it("leaves a document that a next hop has yet to take", () => {
    const { books, settled } = someBooks();
    books.current("bob").assign(0, 2);
    const document = aDocument({ first: 1, last: 2, open: 1 });
    books.shelve(document, EPOCH, ["bob"]);
    books.receive("bob", EPOCH, delivered([0, 2]));
    expect([settled, document.owed]).toEqual([[], false]);
  });

  it("tells listeners", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 1);
    let told = 0;
    const stop = books.watch(() => told++);
    books.receive("bob", EPOCH, delivered([0, 1]));
    stop();
    books.receive("bob", EPOCH, delivered([0, 1]));
    expect(told).toBe(1);
  });
});

describe("Books.handedOver()", () => {
  it("notes own events that the first hop has, for each destination", () => {
    const { books } = someBooks();
    for (const name of ["bob", "charlie"]) books.current(name).assign(0, 5);
    const destinations = [aDestination(), aDestination({ cluster: "charlie" })];
    books.handedOver([aShipment({ epoch: EPOCH, firstSequence: 2, count: 2, destinations })]);
    expect(["bob", "charlie"].map((name) => [...books.current(name).handed])).toEqual([[[0, 3]], [[0, 3]]]);
  });

  it("has no books of others' events", () => {
    const { books } = someBooks();
    books.handedOver([aShipment({ origin: "eve", epoch: EPOCH })]);
    expect([...books]).toEqual([]);
  });

  it("tells listeners", () => {
    const { books } = someBooks();
    let told = 0;
    books.watch(() => told++);
    books.handedOver([aShipment({ epoch: EPOCH })]);
    expect(told).toBe(1);
  });
});

describe("Books.forget()", () => {
  it("evicts everything that is outstanding for a cluster, in every epoch", () => {
    const { books } = someBooks();
    books.of("bob", 1).assign(0, 2);
    books.current("bob").assign(0, 3);
    books.current("charlie").assign(0, 3);
    expect(books.forget("bob")).toBe(5);
    expect([books.of("bob", 1).ended.evicted, books.current("bob").ended.evicted]).toEqual([2, 3]);
    expect(books.current("charlie").ended.evicted).toBe(0);
  });

  it("settles the documents that waited for it alone", () => {
    const { books, settled } = someBooks();
    for (const name of ["bob", "charlie"]) books.current(name).assign(0, 2);
    books.shelve(aDocument({ key: "a", first: 1, last: 1, open: 0 }), EPOCH, ["bob"]);
    books.shelve(aDocument({ key: "b", first: 2, last: 2, open: 0 }), EPOCH, ["bob", "charlie"]);
    books.forget("bob");
    expect(settled).toEqual(["a"]);
  });
});

describe("Books.end()", () => {
  it("ends one event for one destination", () => {
    const { books, settled } = someBooks();
    books.current("bob").assign(0, 2);
    books.shelve(aDocument({ first: 2, last: 2, open: 0, key: "a" }), EPOCH, ["bob"]);
    books.end("bob", EPOCH, 2, "expired");
    expect([books.current("bob").ended.expired, [...books.current("bob").outstanding], settled])
      .toEqual([1, [[0, 1]], ["a"]]);
  });
});

describe("Books.pending()", () => {
  it("names the destinations in which an event has not ended", () => {
    const { books } = someBooks();
    for (const name of ["bob", "charlie", "dora"]) books.current(name).assign(0, 2);
    books.end("charlie", EPOCH, 1, "delivered");
    books.current("dora").handOver(0, 2);
    expect(books.pending(EPOCH, 1, { untilHanded: false })).toEqual(["bob", "dora"]);
    expect(books.pending(EPOCH, 1, { untilHanded: true })).toEqual(["bob"]);
    expect(books.pending(EPOCH + 1, 1, { untilHanded: false })).toEqual([]);
  });
});

describe("Books.takeDirty()", () => {
  it("answers the books that changed, each once", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 2);
    books.end("bob", EPOCH, 1, "delivered");
    books.end("bob", EPOCH, 2, "delivered");
    expect(books.takeDirty()).toEqual([books.current("bob")]);
    expect(books.takeDirty()).toEqual([]);
  });
});

describe("Books.load()", () => {
  it("brings a book of an earlier boot back", () => {
    const { books } = someBooks();
    books.of("bob", 1).assign(0, 2);
    const { key, value } = books.of("bob", 1).toAssignedChange();
    const again = someBooks().books;
    again.loadAssigned(key, value!);
    expect([again.of("bob", 1).assigned, again.current("bob").assigned]).toEqual([2, 0]);
  });
});

describe("Books.entries()", () => {
  it("says the equation of each destination over all epochs", () => {
    const { books } = someBooks();
    books.of("bob", 1).assign(0, 4);
    books.end("bob", 1, 1, "expired");
    books.current("bob").assign(0, 6);
    books.receive("bob", EPOCH, {
      intervals: [[0, 3]],
      exceptions: [{ sequence: 1, state: "rejected", reason: "DUPLICATE_ID" }, {
        sequence: 6,
        state: "evicted",
        reason: "GONE",
      }],
    });
    expect(books.entries(() => 2, () => 5)).toEqual([{
      origin: "alice",
      destination: "bob",
      accepted: 10,
      delivered: 2,
      parked: 2,
      queued: 3,
      expired: 1,
      rejected: 1,
      evicted: 1,
      balanced: true,
    }]);
  });

  it("says that it is not balanced when documents show another number than the books", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 4);
    expect(books.entries(() => 0, () => 3)[0].balanced).toBe(false);
  });

  it("never takes more for parked than is open", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 1);
    expect(books.entries(() => 5, () => 1)[0]).toMatchObject({ parked: 1, queued: 0 });
  });
});

describe("Books.closeEpochs()", () => {
  it("keeps the sums of an epoch that is over, and lets its book go", () => {
    const { books } = someBooks();
    books.of("bob", 5).assign(0, 3);
    books.receive("bob", 5, delivered([0, 3]));
    expect(books.closeEpochs().map(({ epoch }) => epoch)).toEqual([5]);
    expect([books.has("bob", 5), books.entries(() => 0, () => 0)[0]]).toMatchObject([false, {
      accepted: 3,
      delivered: 3,
      balanced: true,
    }]);
  });

  it("keeps a book in which something is outstanding, and that of this boot", () => {
    const { books } = someBooks();
    books.of("bob", 5).assign(0, 3);
    books.current("charlie");
    expect(books.closeEpochs()).toEqual([]);
  });
});

describe("Books.presume()", () => {
  it("keeps the document until the destination has told the end, and then lets it go", () => {
    const { books, settled } = someBooks();
    books.current("bob").assign(0, 3);
    const document = aDocument({ first: 1, last: 3, open: 0 });
    books.shelve(document, EPOCH, ["bob"]);
    books.presume(aShipment({ epoch: EPOCH, count: 3, document }), "expired", "EXPIRED");
    expect(books.current("bob").ended.expired).toBe(3);
    expect([document.owed, settled]).toEqual([true, []]);
    const exceptions = [1, 2, 3].map((sequence) => ({ sequence, state: "expired", reason: "EXPIRED" } as const));
    expect(books.receive("bob", EPOCH, { intervals: [[0, 3]], exceptions })).toBe(3);
    expect([books.current("bob").ended.expired, settled]).toEqual([3, [document.key]]);
  });

  it("does not tell what is known up to where before the destination has confirmed it", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 3);
    books.presume(aShipment({ epoch: EPOCH, position: 2, firstSequence: 2 }), "evicted", "PARK_FULL");
    expect(books.receive("bob", EPOCH, delivered([0, 1], [2, 3]))).toBe(1);
  });

  it("leaves events of other clusters to their origins", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 3);
    books.presume(aShipment({ origin: "eve", epoch: EPOCH }), "expired", "EXPIRED");
    expect(books.current("bob").ended.expired).toBe(0);
  });

  it("is counted as what it was when the destination is given up", () => {
    const { books } = someBooks();
    books.current("bob").assign(0, 3);
    books.presume(aShipment({ epoch: EPOCH }), "evicted", "PARK_FULL");
    expect(books.forget("bob")).toBe(2);
    expect([books.current("bob").ended.evicted, books.current("bob").settled]).toEqual([3, true]);
  });
});
