import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { Book, type Terminal } from "../../federation/ledger/book.ts";

function aBook(assigned = 0): Book {
  const book = new Book("bob", 7);
  if (assigned > 0) book.assign(0, assigned);
  return book;
}

describe("Book.assign()", () => {
  it("makes events outstanding, and the last of them the next one's previous", () => {
    const book = aBook();
    book.assign(4, 6);
    expect([book.assigned, book.last, [...book.outstanding], book.settled]).toEqual([2, 6, [[4, 6]], false]);
  });
});

describe("Book.end()", () => {
  it("ends what is outstanding, and answers how much that was", () => {
    const book = aBook(5);
    expect(book.end(1, 3, "delivered")).toBe(2);
    expect([book.ended.delivered, [...book.outstanding]]).toEqual([2, [[0, 1], [3, 5]]]);
  });

  it("ends nothing twice", () => {
    const book = aBook(5);
    book.end(0, 3, "rejected");
    expect(book.end(0, 5, "delivered")).toBe(2);
    expect(book.ended).toEqual({ delivered: 2, rejected: 3, expired: 0, evicted: 0 });
  });

  it("ends nothing that was never assigned", () => {
    const book = aBook(2);
    expect(book.end(2, 9, "delivered")).toBe(0);
    expect(book.ended.delivered).toBe(0);
  });

  it("keeps one interval of what is over, whatever share of the numbers was assigned", () => {
    const book = aBook();
    for (let number = 2; number <= 20; number += 2) book.assign(number - 1, number);
    book.end(0, 12, "delivered");
    book.end(12, 20, "delivered");
    expect([book.ended.delivered, [...book.over]]).toEqual([10, [[0, 20]]]);
  });

  it("settles the book with the last end", () => {
    const book = aBook(2);
    book.end(0, 1, "expired");
    expect(book.settled).toBe(false);
    book.end(1, 2, "evicted");
    expect(book.settled).toBe(true);
  });

  it("keeps the equation, whatever ends in whatever order", () => {
    const end = fc.tuple(
      fc.nat(40),
      fc.nat(10),
      fc.constantFrom<Terminal>("delivered", "rejected", "expired", "evicted"),
    );
    fc.assert(fc.property(fc.array(end), (ends) => {
      const book = aBook(20);
      book.assign(25, 40);
      for (const [after, count, terminal] of ends) book.end(after, after + count, terminal);
      const { delivered, rejected, expired, evicted } = book.ended;
      expect(delivered + rejected + expired + evicted + book.outstanding.size).toBe(book.assigned);
    }));
  });
});

describe("Book.handOver()", () => {
  it("goes along the chain, so that in-order traffic is one interval", () => {
    const book = aBook();
    book.handOver(0, 4);
    book.handOver(4, 9);
    expect([...book.handed]).toEqual([[0, 9]]);
  });
});

describe("Book.reopen()", () => {
  it("has outstanding what a document holds and has not ended", () => {
    const book = aBook();
    book.over.add(0, 4);
    book.reopen(2, 7);
    expect([...book.outstanding]).toEqual([[4, 7]]);
  });
});

describe("Book.assign()", () => {
  it("takes an event that is picked for anew for one that has not ended", () => {
    const book = aBook(9);
    book.end(0, 9, "delivered");
    book.toChange();
    book.assign(3, 4);
    expect([book.outstanding.has(4), book.over.has(4), book.last]).toEqual([true, false, 9]);
  });
});

describe("Book.low", () => {
  it("is where everything has ended", () => {
    const book = aBook(5);
    expect(book.low).toBe(0);
    book.end(0, 2, "delivered");
    expect(book.low).toBe(2);
    book.end(3, 5, "delivered");
    expect(book.low).toBe(2);
  });

  it("is the last number when nothing is outstanding", () => {
    const book = aBook(5);
    book.end(0, 5, "delivered");
    expect(book.low).toBe(5);
  });

  it("covers numbers that were never for this destination", () => {
    const book = aBook();
    book.assign(6, 7);
    expect(book.low).toBe(6);
  });
});

describe("Book.toChange()", () => {
  it("is read back as it was", () => {
    const book = aBook(9);
    book.end(0, 1, "delivered");
    book.end(1, 3, "rejected");
    book.end(3, 4, "expired");
    book.end(6, 7, "evicted");
    book.handOver(4, 6);
    const again = new Book("bob", 7);
    again.loadAssigned(book.toAssignedChange().value!);
    again.load(book.toChange().value!);
    again.reopen(0, 9);
    expect([again.assigned, again.last, again.ended]).toEqual([9, 9, book.ended]);
    expect([[...again.outstanding], [...again.handed]]).toEqual([[...book.outstanding], [...book.handed]]);
  });
});

describe("Book.presume()", () => {
  const aBook = (): Book => {
    const book = new Book("bob", 5);
    book.assign(0, 10);
    return book;
  };

  it("counts an end at once, and keeps it open until the destination has told", () => {
    const book = aBook();
    expect(book.presume(2, 4, "expired")).toBe(2);
    expect([book.ended.expired, book.outstanding.size, book.presumedEnd(4)]).toEqual([2, 8, "expired"]);
    book.end(0, 2, "delivered");
    expect([book.low, book.isOpen(2, 4), book.settled]).toEqual([2, true, false]);
  });

  it("is confirmed by the destination without counting twice", () => {
    const book = aBook();
    book.presume(0, 10, "evicted");
    expect(book.end(0, 10, "evicted")).toBe(0);
    expect([book.ended.evicted, book.settled, book.low]).toEqual([10, true, 10]);
  });

  it("gives way to what the destination knows better: a copy was there before", () => {
    const book = aBook();
    book.presume(0, 10, "expired");
    book.end(0, 4, "delivered");
    expect(book.ended).toEqual({ delivered: 4, rejected: 0, expired: 6, evicted: 0 });
  });

  it("takes only what is outstanding", () => {
    const book = aBook();
    book.end(0, 5, "delivered");
    expect(book.presume(0, 10, "expired")).toBe(5);
    expect(book.presume(0, 10, "evicted")).toBe(0);
  });

  it("is remembered over a restart, in which it is not outstanding again", () => {
    const book = aBook();
    book.presume(0, 3, "expired");
    const again = new Book("bob", 5);
    again.load(book.toChange().value!);
    again.loadAssigned(book.toAssignedChange().value!);
    again.reopen(0, 10);
    expect([[...again.outstanding], again.presumedEnd(3), again.ended.expired]).toEqual([[[3, 10]], "expired", 3]);
  });
});

describe("Book.isWritten", () => {
  it("is true only while the store has all that the book tells", () => {
    type Change = (book: Book, at: number, count: number) => void;
    const changes: readonly Change[] = [
      (book, _, count) => book.assign(book.last, book.last + count),
      (book, at, count) => book.assign(at, at + count),
      (book, at, count) => book.end(at, at + count, "delivered"),
      (book, at, count) => book.end(at, at + count, "rejected"),
      (book, at, count) => book.presume(at, at + count, "expired"),
      (book, at, count) => book.presume(at, at + count, "evicted"),
      (book, at, count) => book.handOver(at, at + count),
    ];
    const steps = fc.array(fc.tuple(fc.nat(changes.length + 3), fc.nat(20), fc.integer({ min: 1, max: 8 })), {
      maxLength: 40,
    });
    const told = (
      { ended, over, handed, presumed }: Book,
    ) => [ended, ...[over, handed, presumed.expired, presumed.evicted].map((set) => [...set])];
    fc.assert(
      fc.property(steps, (all) => {
        const book = aBook(10);
        let stored = book.toChange().value!;
        for (const [which, at, count] of all) {
          if (which < changes.length) changes[which](book, at, count);
          else {
            stored = book.toChange().value!;
            book.noteWritten(book.changes);
          }
          const again = new Book("bob", 7);
          again.load(stored);
          for (const one of [book, again]) one.over.add(0, book.low); // what follows from the rest
          if (book.isWritten) expect(told(again)).toEqual(told(book));
        }
      }),
      { numRuns: 400 },
    );
  });

  it("is false once an assignment took something back that the store has", () => {
    const book = aBook(10);
    book.end(0, 5, "delivered");
    book.noteWritten(book.changes);
    book.assign(10, 12);
    expect(book.isWritten).toBe(true);
    book.assign(2, 3);
    expect(book.isWritten).toBe(false);
  });

  it("is false once an assignment was withdrawn whose hand-over the store has, or a closed book was taken over", () => {
    const book = aBook(10);
    book.handOver(0, 10);
    book.noteWritten(book.changes);
    book.withdraw(9, 10);
    expect(book.isWritten).toBe(false);
    book.noteWritten(book.changes);
    book.absorb(aBook(1));
    expect(book.isWritten).toBe(false);
  });

  it("stays true when an older write is told late", () => {
    const book = aBook(10);
    book.end(0, 2, "delivered");
    const { changes } = book;
    book.end(2, 3, "delivered");
    book.noteWritten(book.changes);
    book.noteWritten(changes);
    expect(book.isWritten).toBe(true);
  });

  it("stays false when it changed after it was asked what to write", () => {
    const book = aBook(10);
    book.end(0, 2, "delivered");
    const { changes } = book;
    book.end(2, 3, "delivered");
    book.noteWritten(changes);
    expect(book.isWritten).toBe(false);
  });

  it("is true of what was just read", () => {
    const book = aBook(3);
    book.end(0, 2, "delivered");
    const again = new Book("bob", 7);
    again.load(book.toChange().value!);
    expect(again.isWritten).toBe(true);
  });
});
