import { describe, expect, it } from "bun:test";

import { HOPS_MAX } from "../../federation/next_hop.ts";
import { Relay } from "../../federation/relay.ts";
import { FakeWorld } from "../support/fake_world.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Relays in a row: alice – bob – charlie. */
function aRow() {
  const world = new FakeWorld();
  const order = ["alice", "bob", "charlie"];
  const relays = new Map<string, Relay>();
  const sent: string[] = [];
  const cut = new Set<string>();
  for (const self of order) {
    relays.set(
      self,
      new Relay({
        world,
        self,
        nextHop: (destination) => {
          const [from, to] = [order.indexOf(self), order.indexOf(destination)];
          return to < 0 || cut.has(destination) ? undefined : order[from + Math.sign(to - from)];
        },
        send: (peer, payload) => {
          sent.push(`${self}>${peer}`);
          relays.get(peer)!.receive(self, payload);
        },
      }),
    );
  }
  return { world, sent, cut, alice: relays.get("alice")!, bob: relays.get("bob")!, charlie: relays.get("charlie")! };
}

/** A relay alone, whose messages are looked at. */
function oneRelay(nextHop: (destination: string) => string | undefined = () => "bob") {
  const sent: { peer: string; message: Record<string, unknown> }[] = [];
  const relay = new Relay({
    world: new FakeWorld(),
    self: "alice",
    nextHop,
    send: (peer, payload) => sent.push({ peer, message: JSON.parse(decoder.decode(payload)) }),
  });
  const receive = (message: unknown, peer = "dora") => relay.receive(peer, encoder.encode(JSON.stringify(message)));
  return { relay, sent, receive };
}

const message = { to: "charlie", from: "dora", kind: "news", hops: 0, body: 1 };

describe("Relay.send()", () => {
  it("brings a message to a cluster several hops away", () => {
    const { alice, charlie, sent } = aRow();
    const heard: unknown[] = [];
    charlie.handle("news", (from, body) => heard.push(from, body));
    expect(alice.send("charlie", "news", { a: 1 })).toBe(true);
    expect([heard, sent]).toEqual([["alice", { a: 1 }], ["alice>bob", "bob>charlie"]]);
  });

  it("brings a message to this very cluster", () => {
    const { alice, sent } = aRow();
    const heard: unknown[] = [];
    alice.handle("news", (from, body) => heard.push(from, body));
    expect([alice.send("alice", "news", 1), heard, sent]).toEqual([true, ["alice", 1], []]);
  });

  it("says when there is no path", () => {
    const { alice, cut } = aRow();
    cut.add("charlie");
    expect(alice.send("charlie", "news", 1)).toBe(false);
  });

  it("hears nothing of a kind that nobody handles", () => {
    const { alice, charlie } = aRow();
    alice.send("charlie", "gossip", 1);
    expect(charlie.counts).toEqual({ sent: 0, forwarded: 0, dropped: 0 });
  });
});

describe("Relay.ask()", () => {
  it("brings the answer back", () => {
    const { alice, charlie } = aRow();
    charlie.handle("double", (_, body, answer) => answer(2 * (body as number)));
    let answered: unknown;
    alice.ask("charlie", "double", 21, 1000, (answer) => answered = answer);
    expect(answered).toBe(42);
  });

  it("takes an answer that comes later", () => {
    const { alice, charlie, world } = aRow();
    charlie.handle("double", (_, body, answer) => void world.after(500, () => answer(2 * (body as number))));
    const answers: unknown[] = [];
    alice.ask("charlie", "double", 21, 1000, (answer) => answers.push(answer));
    world.advance(2000);
    expect([answers, world.pending]).toEqual([[42], 0]);
  });

  it("gives up in time, and hears no answer after that", () => {
    const { alice, charlie, world } = aRow();
    charlie.handle("double", (_, body, answer) => void world.after(1001, () => answer(2 * (body as number))));
    const answers: unknown[] = [];
    alice.ask("charlie", "double", 21, 1000, (answer) => answers.push(answer));
    world.advance(2000);
    expect(answers).toEqual([undefined]);
  });

  it("hears one answer", () => {
    const { alice, charlie } = aRow();
    charlie.handle("double", (_, __, answer) => [1, 2].forEach(answer));
    const answers: unknown[] = [];
    alice.ask("charlie", "double", 21, 1000, (answer) => answers.push(answer));
    expect(answers).toEqual([1]);
  });

  it("gives up at once without a path", () => {
    const { alice, world } = aRow();
    const answers: unknown[] = [];
    alice.ask("eve", "double", 21, 1000, (answer) => answers.push(answer));
    expect([answers, world.pending]).toEqual([[undefined], 0]);
  });

  it("keeps answers with their questions", () => {
    const { alice, charlie, world } = aRow();
    charlie.handle("echo", (_, body, answer) => void world.after(100 - (body as number), () => answer(body)));
    const answers: unknown[] = [];
    for (const number of [10, 20]) {
      alice.ask("charlie", "echo", number, 1000, (answer) => answers.push([number, answer]));
    }
    world.advance(200);
    expect(answers).toEqual([[20, 20], [10, 10]]);
  });

  it("asks no more than 1024 questions at a time", () => {
    const { alice, charlie } = aRow();
    charlie.handle("silent", () => {});
    const answers: unknown[] = [];
    for (let i = 0; i < 1025; i++) alice.ask("charlie", "silent", i, 1000, (answer) => answers.push(i, answer));
    expect(answers).toEqual([1024, undefined]);
  });
});

describe("Relay.receive()", () => {
  it("sends a message on, a hop older", () => {
    const { receive, sent, relay } = oneRelay();
    receive({ ...message, id: 5 });
    expect(sent).toEqual([{ peer: "bob", message: { ...message, id: 5, hops: 1 } }]);
    expect(relay.counts.forwarded).toBe(1);
  });

  it("never sends a message back to where it came from", () => {
    const { receive, sent, relay } = oneRelay(() => "dora");
    receive(message);
    expect([sent, relay.counts.dropped]).toEqual([[], 1]);
  });

  it("drops a message without a path", () => {
    const { receive, sent, relay } = oneRelay(() => undefined);
    receive(message);
    expect([sent, relay.counts.dropped]).toEqual([[], 1]);
  });

  it("drops a message that goes in circles", () => {
    const { receive, sent } = oneRelay();
    receive({ ...message, hops: HOPS_MAX - 1 });
    receive({ ...message, hops: HOPS_MAX });
    expect(sent).toHaveLength(1);
  });

  it("drops what is no message", () => {
    const { receive, relay } = oneRelay();
    const others = [null, 5, {}, { ...message, to: 1 }, { ...message, from: undefined }, { ...message, kind: 2 }];
    const numbers = [{ ...message, hops: -1 }, { ...message, hops: 0.5 }, { ...message, id: "x" }, {
      ...message,
      re: -2,
    }];
    for (const other of [...others, ...numbers]) receive(other);
    relay.receive("dora", encoder.encode("{"));
    expect(relay.counts).toEqual({ sent: 0, forwarded: 0, dropped: 11 });
  });

  it("drops what is too long", () => {
    const { receive, relay } = oneRelay();
    receive({ ...message, body: "x".repeat(600_000) });
    expect(relay.counts.dropped).toBe(1);
  });

  it("ignores an answer to a question that it never asked", () => {
    const { receive, relay } = oneRelay();
    receive({ ...message, to: "alice", re: 99 });
    expect(relay.counts.dropped).toBe(0);
  });

  it("answers nothing to a message that is no question", () => {
    const { receive, relay, sent } = oneRelay();
    relay.handle("news", (_, __, answer) => answer("thanks"));
    receive({ ...message, to: "alice" });
    expect(sent).toEqual([]);
  });
});
