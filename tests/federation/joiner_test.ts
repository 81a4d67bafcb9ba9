import { describe, expect, it } from "bun:test";

import type { DialFailure, LinkBus } from "../../federation/link/link_bus.ts";
import { Joiner } from "../../federation/membership/joiner.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { MemoryBroker } from "../support/memory_bus.ts";

const URL = "nats://10.0.0.1:7701";
const failure: DialFailure = { code: "UNREACHABLE", detail: "nobody there" };

class Setup {
  readonly world = new FakeWorld();
  readonly dialled: string[] = [];
  readonly times: number[] = [];
  readonly buses: LinkBus[] = [];
  readonly failures: string[] = [];
  readonly cancelled: string[] = [];
  readonly brokers: MemoryBroker[] = [];
  /** Whether dials succeed; `undefined`: they take for ever. */
  answer: boolean | undefined = true;
  readonly joiner = new Joiner({
    world: this.world,
    dial: (url, _, done) => {
      this.dialled.push(url);
      this.times.push(this.world.now() - 1000);
      if (this.answer === true) done({ bus: this.connect(url) });
      else if (this.answer === false) done({ failure });
      else this.pending.push((outcome) => done(outcome ? { bus: this.connect(url) } : { failure }));
      return () => this.cancelled.push(url);
    },
    onBus: (_, bus) => this.buses.push(bus),
    onFailure: (url, { code }) => this.failures.push(`${url} ${code}`),
  });
  readonly pending: ((outcome: boolean) => void)[] = [];

  connect(url: string): LinkBus {
    const broker = new MemoryBroker();
    this.brokers.push(broker);
    return broker.connect(url);
  }

  get gaps(): number[] {
    return this.times.slice(1).map((time, i) => time - this.times[i]);
  }
}

describe("Joiner.add()", () => {
  it("dials at once, and gives the bus away", () => {
    const setup = new Setup();
    setup.joiner.add(URL, "join");
    expect([setup.dialled, setup.buses.length]).toEqual([[URL], 1]);
    expect(setup.joiner.status).toEqual([
      { url: URL, state: "open", attempts: 1, nextDialInMs: undefined, lastError: undefined, learnt: "join" },
    ]);
  });

  it("dials each URL once, wherever it was learnt", () => {
    const setup = new Setup();
    setup.joiner.add(URL, "join");
    setup.joiner.add(URL, "registry");
    expect([setup.dialled.length, setup.joiner.status.length, setup.joiner.has(URL)]).toEqual([1, 1, true]);
  });

  it("tries again for ever, later and later, but at least every 15 s", () => {
    const setup = new Setup();
    setup.answer = false;
    setup.world.dice = Number.MAX_SAFE_INTEGER;
    setup.joiner.add(URL, "join");
    setup.world.advance(600_000);
    expect(setup.failures.length).toBe(setup.dialled.length);
    expect(setup.gaps.slice(0, 6).every((gap, i) => i === 0 || gap > setup.gaps[i - 1])).toBe(true);
    expect(setup.gaps[0]).toBeLessThanOrEqual(250);
    expect(setup.gaps[0]).toBeGreaterThanOrEqual(125);
    expect(Math.max(...setup.gaps)).toBeLessThanOrEqual(15_000);
    expect(setup.gaps.at(-1)).toBeGreaterThanOrEqual(7500);
  });

  it("spreads the attempts of many nodes: the dice choose half of each delay", () => {
    const firstGap = (dice: number): number => {
      const setup = new Setup();
      setup.answer = false;
      setup.world.dice = dice;
      setup.joiner.add(URL, "join");
      setup.world.advance(1000);
      return setup.gaps[0];
    };
    expect([firstGap(0), firstGap(125)]).toEqual([125, 250]);
  });

  it("says what went wrong", () => {
    const setup = new Setup();
    setup.answer = false;
    setup.joiner.add(URL, "join");
    expect(setup.joiner.status).toMatchObject([{ state: "waiting", lastError: "UNREACHABLE: nobody there" }]);
  });

  it("dials again when the bus has ended", () => {
    const setup = new Setup();
    setup.joiner.add(URL, "join");
    setup.brokers[0].cut("the broker stopped");
    expect(setup.joiner.status).toMatchObject([{ state: "waiting", lastError: "the broker stopped" }]);
    setup.world.advance(250);
    expect([setup.dialled.length, setup.buses.length]).toEqual([2, 2]);
  });

  it("waits for a dial that takes its time", () => {
    const setup = new Setup();
    setup.answer = undefined;
    setup.joiner.add(URL, "join");
    expect(setup.joiner.status).toMatchObject([{ state: "dialling" }]);
    setup.pending[0](true);
    expect(setup.joiner.status).toMatchObject([{ state: "open" }]);
  });
});

describe("Joiner.noteLinked()", () => {
  it("makes the next failure a first one", () => {
    const setup = new Setup();
    setup.answer = false;
    setup.joiner.add(URL, "join");
    setup.world.advance(20_000);
    setup.answer = true;
    setup.world.advance(15_000);
    setup.joiner.noteLinked(URL);
    expect(setup.joiner.status[0].lastError).toBeUndefined();
    setup.times.length = 0;
    setup.times.push(setup.world.now() - 1000);
    setup.brokers[0].cut();
    setup.world.advance(250);
    expect(setup.gaps).toHaveLength(1);
  });

  it("is not told by a dial alone: a node that refuses is not asked four times a second", () => {
    const setup = new Setup();
    setup.joiner.add(URL, "join");
    for (let i = 0; i < 200; i++) {
      setup.brokers.at(-1)!.cut();
      setup.world.advance(100);
    }
    expect(setup.dialled.length).toBeLessThan(12);
  });
});

describe("Joiner.noteError()", () => {
  it("says why a target that was dialled is of no use", () => {
    const setup = new Setup();
    setup.joiner.add(URL, "join");
    setup.joiner.noteError(URL, "SELF: it is this node");
    setup.joiner.noteError("nats://other", "x");
    expect(setup.joiner.status[0].lastError).toBe("SELF: it is this node");
  });
});

describe("Joiner.remove()", () => {
  it("dials it no more", () => {
    const setup = new Setup();
    setup.answer = false;
    setup.joiner.add(URL, "join");
    setup.joiner.remove(URL);
    setup.world.advance(60_000);
    expect([setup.dialled.length, setup.joiner.has(URL)]).toEqual([1, false]);
  });

  it("closes a bus whose dial came through afterwards", () => {
    const setup = new Setup();
    setup.answer = undefined;
    setup.joiner.add(URL, "join");
    setup.joiner.remove(URL);
    expect(setup.cancelled).toEqual([URL]);
    setup.pending[0](true);
    expect(setup.buses).toEqual([]);
  });

  it("does not dial again when its bus ends", () => {
    const setup = new Setup();
    setup.joiner.add(URL, "join");
    setup.joiner.remove(URL);
    setup.brokers[0].cut();
    setup.world.advance(60_000);
    expect(setup.dialled).toHaveLength(1);
  });
});

describe("Joiner.stop()", () => {
  it("dials nothing any more", () => {
    const setup = new Setup();
    setup.answer = false;
    setup.joiner.add(URL, "join");
    setup.joiner.stop();
    setup.joiner.add("nats://other", "join");
    setup.world.advance(60_000);
    expect([setup.dialled.length, setup.world.pending]).toEqual([1, 0]);
  });

  it("dials nothing when a bus ends after it", () => {
    const setup = new Setup();
    setup.joiner.add(URL, "join");
    setup.joiner.stop();
    setup.brokers[0].cut();
    setup.world.advance(60_000);
    expect(setup.dialled).toHaveLength(1);
  });
});
