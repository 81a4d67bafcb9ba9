import { describe, expect, it } from "bun:test";

import { Accounts } from "../../federation/ledger/accounts.ts";
import { Relay } from "../../federation/relay.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aShipment } from "./shipment_support.ts";

const EPOCH = 9;

/** The accounts of two clusters with a relay between them. */
function twoClusters() {
  const world = new FakeWorld();
  const relays = new Map<string, Relay>();
  let lost = false;
  let held = false;
  let caughtUp = true;
  const create = (self: string) => {
    const relay = new Relay({
      world,
      self,
      nextHop: (destination) => destination,
      send: (peer, payload) => lost || relays.get(peer)!.receive(self, payload),
    });
    relays.set(self, relay);
    const saved: string[] = [];
    const settled: string[] = [];
    const durable: (() => void)[] = [];
    const accounts = new Accounts({
      world,
      self,
      epoch: EPOCH,
      relay,
      save: ({ key }) => saved.push(key),
      mayForget: () => caughtUp,
      syncs: true,
      whenSynced: (done) => done(),
      onNoMember: () => undefined,
      whenDurable: (done) => held ? durable.push(done) : done(),
      onSettled: ({ key }) => settled.push(key),
    });
    return { accounts, relay, saved, settled, durable };
  };
  return {
    world,
    alice: create("alice"),
    bob: create("bob"),
    lose: (losing: boolean) => lost = losing,
    hold: () => held = true,
    restart: () => caughtUp = false,
    catchUp: () => caughtUp = true,
  };
}

/** Alice assigned an event to bob, and it arrived. */
function deliver({ alice, bob }: Pick<ReturnType<typeof twoClusters>, "alice" | "bob">): void {
  alice.accounts.books.current("bob").assign(0, 1);
  const coverage = bob.accounts.coverages.of("alice", EPOCH);
  coverage.cover(0, 1);
  bob.accounts.receipts.note(coverage);
}

describe("Accounts", () => {
  it("end an event at the origin when the destination has told its arrival", () => {
    const both = twoClusters();
    deliver(both);
    both.world.advance(100);
    expect(both.alice.accounts.books.current("bob").ended.delivered).toBe(1);
    expect(both.alice.saved).toEqual([`federation/book/bob/${EPOCH}`]);
  });

  it("know a book as written once it is durable, as it was when it was saved", () => {
    const both = twoClusters();
    both.hold();
    deliver(both);
    const book = both.alice.accounts.books.current("bob");
    both.world.advance(100);
    expect(book.isWritten).toBe(false);
    for (const done of both.alice.durable.splice(0)) done();
    expect(book.isWritten).toBe(true);
    book.assign(1, 3);
    both.alice.accounts.books.end("bob", EPOCH, 2, "delivered");
    both.alice.accounts.save();
    both.alice.accounts.books.end("bob", EPOCH, 3, "delivered");
    for (const done of both.alice.durable.splice(0)) done();
    expect(book.isWritten).toBe(false);
  });

  it("acknowledge the receipt, so that it is not repeated", () => {
    const both = twoClusters();
    deliver(both);
    both.world.advance(60_000);
    expect([both.bob.accounts.receipts.sent, both.bob.accounts.coverages.find("alice", EPOCH)!.acknowledged])
      .toEqual([1, 1]);
  });

  it("acknowledge a receipt only once the origin's books are durable: the destination will not say it again", () => {
    const both = twoClusters();
    both.hold();
    deliver(both);
    both.world.advance(5000);
    expect(both.bob.accounts.coverages.find("alice", EPOCH)!.acknowledged).toBe(0);
    for (const done of both.alice.durable) done();
    expect(both.bob.accounts.coverages.find("alice", EPOCH)!.acknowledged).toBe(1);
  });

  it("tell that an epoch is over only once the books are closed durably: the destination then forgets it", () => {
    const both = twoClusters();
    const book = both.alice.accounts.books.of("bob", EPOCH - 1);
    book.assign(0, 1);
    book.end(0, 1, "delivered");
    both.bob.accounts.coverages.of("alice", EPOCH - 1).cover(0, 1);
    both.hold();
    both.alice.accounts.closeEpochs();
    expect(both.alice.saved[0]).toBe(`federation/book/bob/${EPOCH - 1}`);
    expect(both.bob.accounts.coverages.closedUpTo("alice", EPOCH - 1)).toBeUndefined();
    for (const done of both.alice.durable) done();
    expect(both.bob.accounts.coverages.closedUpTo("alice", EPOCH - 1)).toBeDefined();
  });

  it("tell the destination from which epoch on something may be under way", () => {
    const both = twoClusters();
    const older = both.alice.accounts.books.of("bob", EPOCH - 1);
    older.assign(0, 1);
    deliver(both);
    both.world.advance(100);
    const gap = () => both.bob.accounts.order.gapBefore({ origin: "alice", epoch: EPOCH, sequence: 1 });
    expect(gap()).toMatchObject({ from: 0 });
    older.end(0, 1, "evicted");
    both.alice.accounts.closeEpochs();
    expect(gap()).toBeUndefined();
  });

  it("say nothing of older epochs before every event of them has its destinations, which is asked for again", () => {
    const both = twoClusters();
    const { order } = both.bob.accounts;
    const gap = () => order.gapBefore({ origin: "alice", epoch: EPOCH, sequence: 1 });
    order.watch(() => void gap());
    both.restart();
    deliver(both);
    both.world.advance(3000);
    expect(gap()).toMatchObject({ from: 0 });
    both.catchUp();
    both.world.advance(10_000);
    expect(gap()).toBeUndefined();
  });

  it("ask again for what ended without a word, where somebody waits for it", () => {
    const both = twoClusters();
    both.alice.accounts.books.current("bob").assign(0, 1);
    both.alice.accounts.books.current("bob").assign(1, 2);
    const { coverages, order } = both.bob.accounts;
    const gap = () => order.gapBefore({ origin: "alice", epoch: EPOCH, sequence: 2 });
    order.watch(() => void gap());
    coverages.of("alice", EPOCH).cover(1, 2);
    both.bob.accounts.covered(coverages.of("alice", EPOCH));
    both.world.advance(5000);
    expect(gap()).toMatchObject({ from: 1, to: 1 });
    both.alice.accounts.books.end("bob", EPOCH, 1, "rejected", "GROUP_MOVED");
    both.world.advance(30_000);
    expect(gap()).toBeUndefined();
  });

  it("get over lost messages", () => {
    const both = twoClusters();
    both.lose(true);
    deliver(both);
    both.world.advance(5000);
    both.lose(false);
    both.world.advance(10_000);
    expect(both.alice.accounts.books.current("bob").settled).toBe(true);
    expect(both.bob.accounts.coverages.find("alice", EPOCH)!.acknowledged).toBe(1);
  });

  it("believe no cluster what it says of another's events", () => {
    const { alice, bob } = twoClusters();
    alice.accounts.books.current("charlie").assign(0, 1);
    const part = { epoch: EPOCH, version: 1, part: 0, parts: 1, intervals: [[0, 1]], exceptions: [] };
    bob.relay.send("alice", "receipt", part);
    expect(alice.accounts.books.current("charlie").settled).toBe(false);
  });

  it("ignore what is no receipt", () => {
    const { alice, bob } = twoClusters();
    alice.accounts.books.current("bob").assign(0, 1);
    bob.relay.send("alice", "receipt", { epoch: EPOCH });
    bob.relay.send("alice", "receipt-ack", { epoch: EPOCH });
    expect([alice.saved, alice.accounts.books.current("bob").settled]).toEqual([[], false]);
  });

  it("write a book down when the first hop has taken its events", () => {
    const { alice } = twoClusters();
    alice.accounts.books.current("bob").assign(0, 1);
    alice.accounts.handedOver([aShipment({ epoch: EPOCH })]);
    expect(alice.saved).toEqual([`federation/book/bob/${EPOCH}`]);
  });
});
