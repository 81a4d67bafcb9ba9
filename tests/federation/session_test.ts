import { describe, expect, it } from "bun:test";

import { encodeHello, type Hello } from "../../federation/link/codec/mod.ts";
import type { LinkBus } from "../../federation/link/link_bus.ts";
import { Session } from "../../federation/link/session.ts";
import { LinkSubjects } from "../../federation/link/subjects.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { MemoryBroker } from "../support/memory_bus.ts";
import { aBeat, aHello } from "./hello_support.ts";

/** One side of a link, driven by ticks. */
class Side {
  readonly history: string[] = [];
  readonly session: Session;
  readonly heard: Uint8Array[] = [];
  hello: Hello;
  refusal: { code: string; detail: string } | undefined;
  /** What the other side says is lost. */
  deaf = false;

  constructor(world: FakeWorld, { self, peer, bus }: { self: string; peer: string; bus: LinkBus }) {
    const subjects = new LinkSubjects("acme", self);
    this.hello = aHello({ cluster: self, node: `${self}-1`, instance: `instance-of-${self}` });
    this.session = new Session({
      world,
      peer,
      bus,
      subjects,
      hello: () => this.hello,
      judge: () => this.refusal,
      onUp: () => this.history.push("up"),
      onDown: (_, reason) => this.history.push(`down: ${reason}`),
      onHello: () => this.history.push("hello"),
      onRefused: (_, { code }) => this.history.push(`refused: ${code}`),
    });
    bus.subscribe(subjects.controlToSelf, ({ payload }) => {
      this.heard.push(payload);
      if (this.deaf) return;
      if (payload.length === 0) this.session.sayMore();
      else this.session.hear(payload);
    });
  }
}

function twoSides() {
  const world = new FakeWorld();
  const broker = new MemoryBroker({ schedule: (run) => void world.after(1, run) });
  const alice = new Side(world, {
    self: "alice",
    peer: "bob",
    bus: broker.connect("own endpoint", { dialled: false }),
  });
  const bob = new Side(world, { self: "bob", peer: "alice", bus: broker.connect("memory://alice") });
  /** Lets time pass; both sides tick every 125 ms. */
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 125) {
      world.advance(Math.min(125, ms - passed));
      alice.session.tick(0);
      bob.session.tick(0);
    }
  };
  return { world, broker, alice, bob, pass };
}

function linked() {
  const both = twoSides();
  both.alice.session.hurry();
  both.pass(500);
  return both;
}

const isFull = (payload: Uint8Array): boolean => payload[0] === 0x48;

describe("Session", () => {
  it("comes up on both sides once each has heard that it is heard", () => {
    const { alice, bob } = linked();
    expect([alice.session.state, bob.session.state]).toEqual(["up", "up"]);
    expect([alice.history.filter((entry) => entry === "up"), alice.session.theirs?.cluster]).toEqual([["up"], "bob"]);
  });

  it("comes up with the answer to the first hello, and on the other side with the next one", () => {
    const { alice, bob, world } = twoSides();
    alice.session.hurry();
    world.advance(2);
    expect([alice.session.state, bob.session.state]).toEqual(["up", "opening"]);
    alice.session.hurry();
    world.advance(1);
    expect(bob.session.state).toBe("up");
  });

  it("does not come up while only one side hears", () => {
    const { alice, bob, pass } = twoSides();
    bob.deaf = true;
    pass(3000);
    expect([alice.session.state, bob.session.state]).toEqual(["opening", "opening"]);
    expect(alice.session.theirs?.cluster).toBe("bob");
  });

  it("says since when it is what it is", () => {
    const { alice, world, pass } = twoSides();
    const opened = world.now();
    pass(1000);
    expect([alice.session.state, alice.session.since]).toEqual(["up", opened + 127]);
    pass(1000);
    alice.session.close("x");
    expect(alice.session.since).toBe(world.now());
  });

  it("measures the round trip", () => {
    const { alice } = linked();
    expect(alice.session.rttMs).toBeGreaterThanOrEqual(1);
    expect(alice.session.rttMs).toBeLessThanOrEqual(3);
  });

  it("says hello in digests while nothing changes, four times a second", () => {
    const { bob, pass } = linked();
    pass(500);
    bob.heard.length = 0;
    pass(5000);
    expect([bob.heard.length, bob.heard.filter(isFull).length]).toEqual([20, 0]);
    expect(bob.heard[0].length).toBeLessThanOrEqual(30);
  });

  it("says hello at the look that is nearest, so that a timer that fires early costs none", () => {
    const { world, alice, bob } = linked();
    world.advance(1); // what was said last arrives
    bob.heard.length = 0;
    for (let look = 0; look < 40; look++) {
      world.advance(124.9);
      alice.session.tick(0);
      bob.session.tick(0);
    }
    world.advance(1);
    expect(bob.heard).toHaveLength(20);
  });

  it("says the whole hello every ten seconds all the same", () => {
    const { bob, pass } = linked();
    pass(500);
    bob.heard.length = 0;
    pass(11_000);
    expect(bob.heard.filter(isFull)).toHaveLength(1);
  });

  it("says the whole hello when something has changed", () => {
    const { alice, bob, pass } = linked();
    alice.hello = { ...alice.hello, root: "ffffffffffffffff" };
    pass(500);
    expect(bob.session.theirs?.root).toBe("ffffffffffffffff");
  });

  it("says a change at once when hurried", () => {
    const { alice, bob, world } = linked();
    alice.hello = { ...alice.hello, root: "ffffffffffffffff" };
    alice.session.hurry();
    world.advance(1);
    expect(bob.session.theirs?.root).toBe("ffffffffffffffff");
  });

  it("asks for the whole hello that it missed", () => {
    const { alice, bob, pass } = linked();
    alice.hello = { ...alice.hello, root: "ffffffffffffffff" };
    bob.deaf = true;
    pass(375);
    bob.deaf = false;
    pass(625);
    expect(bob.session.theirs?.root).toBe("ffffffffffffffff");
  });

  it("goes down when nothing is heard any more, and says how long", () => {
    const { alice, bob, pass } = linked();
    alice.deaf = bob.deaf = true;
    pass(1250);
    expect(alice.history.at(-1)).toMatch(/^down: no HELLO for \d+ ms$/);
    expect(bob.session.state).toBe("down");
  });

  it("tells the other side that it gives up, which ends its session at once", () => {
    const { alice, bob, pass } = linked();
    bob.deaf = true;
    while (bob.session.state === "up") pass(125);
    pass(1);
    expect([alice.session.state, alice.session.since - bob.session.since]).toEqual(["down", 1]);
  });

  it("is not opened, and ends nothing, by a side that gives up", () => {
    const { alice } = twoSides();
    const reason = { code: "GIVEN_UP", detail: "no HELLO for 999 ms" };
    alice.session.hear(encodeHello(aHello({ cluster: "bob", node: "bob-1", reason }), aBeat({ number: 1 })).full);
    expect([alice.session.state, alice.session.theirs, alice.history]).toEqual(["opening", undefined, []]);
  });

  it("ends when nobody listens for the neighbour any more, once a client of the bus has gone", () => {
    const { alice } = linked();
    const asked: string[] = [];
    alice.session.endUnheard((subject) => asked.push(subject) > 0);
    expect([alice.session.state, asked]).toEqual(["up", ["weft.v1.acme.l.alice.bob.hello"]]);
    alice.session.endUnheard(() => false);
    expect(alice.history.at(-1)).toBe('down: the connection of "bob" has closed');
  });

  it("goes down on both sides when only one way is lost", () => {
    const { alice, bob, pass } = linked();
    bob.deaf = true;
    pass(2000);
    expect(alice.history.at(-1)).toBe('down: "bob" has given the link up: no HELLO for 999 ms');
    expect(bob.history.at(-1)).toMatch(/^down: no HELLO/);
  });

  it("does not blame the other side for a pause of its own", () => {
    const { alice, world, pass } = linked();
    world.sleep(5000);
    alice.session.tick(5000);
    expect(alice.session.state).toBe("up");
    pass(500);
    expect(alice.session.state).toBe("up");
  });

  it("says why nothing comes of an opening", () => {
    const { alice, bob, pass } = twoSides();
    alice.deaf = true;
    pass(5250);
    expect(alice.session.lastError).toBe('no HELLO from "bob" over own endpoint for 5000 ms');
    expect(bob.session.lastError).toBe('"alice" is heard over memory://alice but does not hear this node');
  });

  it("closes once, with its reason", () => {
    const { alice } = linked();
    alice.session.close("the node is stopping");
    alice.session.close("again");
    expect(alice.history.filter((entry) => entry.startsWith("down"))).toEqual(["down: the node is stopping"]);
    expect(alice.session.lastError).toBe("the node is stopping");
  });

  it("says and hears nothing once it is closed", () => {
    const { alice, bob, pass, world } = linked();
    alice.session.close("x");
    world.advance(1);
    bob.heard.length = 0;
    alice.session.hurry();
    pass(500);
    expect([bob.heard, alice.session.state]).toEqual([[], "down"]);
  });

  it("does not report the end of what was never up", () => {
    const { alice } = twoSides();
    alice.session.close("x");
    expect([alice.history, alice.session.state]).toEqual([[], "down"]);
  });
});

describe("Session.hear()", () => {
  it("refuses whom the judge refuses, and believes nothing of it", () => {
    const { alice, bob, pass } = twoSides();
    alice.refusal = { code: "FEDERATION_MISMATCH", detail: "other federation" };
    bob.session.hurry();
    pass(500);
    expect(alice.history[0]).toBe("refused: FEDERATION_MISMATCH");
    expect([alice.session.state, alice.session.theirs, alice.session.lastError]).toEqual([
      "opening",
      undefined,
      "FEDERATION_MISMATCH: other federation",
    ]);
  });

  it("takes no numbers of a refused process: its neighbour is heard as before", () => {
    const { alice, bob, pass } = linked();
    const other = { ...bob.hello, instance: "another-process" };
    alice.refusal = { code: "QUARANTINED", detail: "a newer process speaks for it" };
    alice.session.hear(encodeHello(other, aBeat({ number: 5000, echo: 0 })).full);
    alice.refusal = undefined;
    pass(2000);
    expect([alice.session.state, bob.session.state]).toEqual(["up", "up"]);
  });

  it("takes no numbers of a digest until it knows whose it is", () => {
    const { alice, bob, pass } = linked();
    const other = { ...bob.hello, instance: "another-process" };
    alice.session.hear(encodeHello(other, aBeat({ number: 5000, echo: 0 })).digest);
    pass(2000);
    expect([alice.session.state, bob.session.state]).toEqual(["up", "up"]);
  });

  it("refuses what it cannot read, and goes on", () => {
    const { alice } = linked();
    alice.session.hear(new Uint8Array([1, 2, 3]));
    expect([alice.history.at(-1), alice.session.state]).toEqual(["refused: HELLO_UNREADABLE", "up"]);
  });
});
