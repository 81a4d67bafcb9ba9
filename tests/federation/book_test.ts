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

  it("takes what has ended from the first hop's custody", () => {
    const book = aBook(3);
    book.handOver(0, 3);
    book.end(0, 2, "delivered");
    expect([...book.handed]).toEqual([[2, 3]]);
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
  it("notes only what is outstanding", () => {
    const book = aBook(3);
    book.end(0, 1, "delivered");
    book.handOver(0, 9);
    expect([...book.handed]).toEqual([[1, 3]]);
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
    const { key, value } = book.toChange();
    const again = Book.fromDocument(key, value!);
    expect(again.toChange()).toEqual(book.toChange());
    expect([again.destination, again.epoch, again.assigned, again.last]).toEqual(["bob", 7, 9, 9]);
    expect(again.ended).toEqual(book.ended);
    expect([[...again.outstanding], [...again.handed]]).toEqual([[[4, 6], [7, 9]], [[4, 6]]]);
  });
});
