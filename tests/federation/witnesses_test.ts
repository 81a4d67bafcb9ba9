import { describe, expect, it } from "bun:test";

import { Witnesses } from "../../federation/membership/witnesses.ts";
import type { Speaker } from "../../federation/routing/paths/mod.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aHello } from "./hello_support.ts";

const COUNTER = 2 ** 32;

/** Alice, who is linked with a process of bob; charlie says with which one he is linked. */
class Setup {
  readonly world = new FakeWorld();
  readonly bob = aHello({ cluster: "bob", node: "bob-1", instance: "b", epoch: 5 * COUNTER });
  readonly quarantined: string[] = [];
  readonly states = new Map<string, { links: { peer: string; cost: number; up: boolean; speaker?: Speaker }[] }>();
  reachable = true;
  readonly witnesses = new Witnesses(
    {
      world: this.world,
      self: "alice",
      topology: { states: this.states, table: { nextHop: () => this.reachable ? "charlie" : undefined } },
      links: {
        neighbours: new Map([["bob", { active: { theirs: this.bob } }]]),
        quarantine: (peer: string, { code, detail }: { code: string; detail: string }) =>
          this.quarantined.push(`${peer} ${code}: ${detail}`),
      },
    } as unknown as ConstructorParameters<typeof Witnesses>[0],
  );

  charlieSays(speaker: Speaker | undefined, up = true): void {
    this.states.set("charlie", { links: [{ peer: "bob", cost: 1, up, speaker }] });
  }

  look(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.witnesses.look();
      this.world.advance(1000);
    }
  }
}

describe("Witnesses.judge()", () => {
  it("refuses a process that is not linked while another one that goes before it is linked elsewhere", () => {
    const setup = new Setup();
    const older = aHello({ cluster: "bob", node: "bob-1", instance: "z", epoch: 4 * COUNTER });
    expect(setup.witnesses.judge(older)).toBeUndefined();
    setup.charlieSays({ epoch: 5 * COUNTER, instance: "b" });
    expect(setup.witnesses.judge(older)?.code).toBe("QUARANTINED");
    setup.charlieSays({ epoch: 5 * COUNTER, instance: "b" }, false);
    expect(setup.witnesses.judge(older)).toBeUndefined();
  });
});

describe("Witnesses.look()", () => {
  it("quarantines the process that another one goes before, once that has lasted, and says where the other one is", () => {
    const setup = new Setup();
    setup.charlieSays({ epoch: 6 * COUNTER, instance: "a" });
    setup.look(3);
    expect(setup.quarantined).toEqual([]);
    setup.look(1);
    expect(setup.quarantined).toHaveLength(1);
    expect(setup.quarantined[0]).toMatch(/^bob QUARANTINED: .*newer process.*linked with cluster "charlie"/);
  });

  it("lets the larger instance go first where two have the same data", () => {
    const larger = new Setup();
    larger.charlieSays({ epoch: 5 * COUNTER + 7, instance: "c" });
    larger.look(4);
    expect(larger.quarantined[0]).toContain("a data directory was copied");
    const smaller = new Setup();
    smaller.charlieSays({ epoch: 5 * COUNTER + 7, instance: "a" });
    smaller.look(9);
    expect(smaller.quarantined).toEqual([]);
  });

  it("believes nobody who cannot be reached, nobody whose link is down, and nobody who does not say it", () => {
    const unreachable = new Setup();
    unreachable.reachable = false;
    unreachable.charlieSays({ epoch: 6 * COUNTER, instance: "a" });
    const down = new Setup();
    down.charlieSays({ epoch: 6 * COUNTER, instance: "a" }, false);
    const older = new Setup();
    older.charlieSays(undefined);
    for (const setup of [unreachable, down, older]) {
      setup.look(9);
      expect(setup.quarantined).toEqual([]);
    }
  });

  it("begins to count anew when the other process was gone meanwhile, as after a restart", () => {
    const setup = new Setup();
    setup.charlieSays({ epoch: 6 * COUNTER, instance: "a" });
    setup.look(2);
    setup.charlieSays({ epoch: 5 * COUNTER, instance: "b" });
    setup.look(1);
    setup.charlieSays({ epoch: 6 * COUNTER, instance: "a" });
    setup.look(3);
    expect(setup.quarantined).toEqual([]);
  });
});

describe("Witnesses.judge()", () => {
  it("keeps the process out as long as the other one is there, and not longer", () => {
    const setup = new Setup();
    setup.charlieSays({ epoch: 6 * COUNTER, instance: "a" });
    setup.look(4);
    expect(setup.witnesses.judge(setup.bob)?.code).toBe("QUARANTINED");
    setup.charlieSays(undefined);
    expect(setup.witnesses.judge(setup.bob)).toBeUndefined();
  });
});
