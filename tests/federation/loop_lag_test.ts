import { describe, expect, it } from "bun:test";

import { LoopLag } from "../../federation/link/loop_lag.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { MemoryBroker } from "../support/memory_bus.ts";
import { LinkedCluster } from "./link_support.ts";

describe("LoopLag.ms", () => {
  it("is the worst of late, in steps, and nothing below what is usual", () => {
    const lag = new LoopLag();
    const after = (lateMs: number) => {
      lag.note(lateMs, 0);
      return lag.ms;
    };
    expect([after(0), after(199), after(200), after(251), after(30), after(900), after(60_000)])
      .toEqual([0, 0, 250, 500, 500, 1000, 1000]);
  });

  it("is over between ten and twenty seconds later", () => {
    const lag = new LoopLag();
    lag.note(0, 0);
    lag.note(300, 5000);
    lag.note(0, 10_000);
    expect(lag.ms).toBe(500);
    lag.note(0, 20_000);
    expect(lag.ms).toBe(0);
    lag.note(300, 25_000);
    lag.note(0, 90_000);
    expect(lag.ms).toBe(0);
  });
});

describe("a neighbour that says that its timers are late", () => {
  /** How long bob may be silent before alice takes the link down, ms. */
  function patienceOfAlice({ sleepMs }: { readonly sleepMs: number }): number {
    const world = new FakeWorld();
    let lost = false;
    const broker = new MemoryBroker({ schedule: (run) => void world.after(1, () => lost || run()) });
    const [alice, bob] = ["alice", "bob"].map((name) => new LinkedCluster(world, name));
    for (const { links } of [alice, bob]) links.attach(broker.connect("nats://rendezvous"));
    world.advance(500);
    world.sleep(sleepMs);
    world.advance(2000);
    expect([alice.up, bob.up]).toEqual([["bob"], ["alice"]]);
    lost = true;
    let waited = 0;
    for (; alice.up.length > 0 && waited < 5000; waited += 25) world.advance(25);
    return waited;
  }

  it("is given that much more time, a second at most", () => {
    const usual = patienceOfAlice({ sleepMs: 0 });
    expect(usual).toBeLessThanOrEqual(1125);
    for (const [sleepMs, moreMs] of [[400, 500], [900, 1000]]) {
      const more = patienceOfAlice({ sleepMs }) - usual;
      expect(more).toBeGreaterThanOrEqual(moreMs - 250);
      expect(more).toBeLessThanOrEqual(moreMs + 250);
    }
  });
});
