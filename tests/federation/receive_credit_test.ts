import { describe, expect, it } from "bun:test";

import { creditBytes, ReceiveCredit } from "../../federation/link/receive_credit.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aBroker, LinkedCluster } from "./link_support.ts";
import { opened } from "./lane_sender_support.ts";

const MIB = 1024 * 1024;
const up = (count: number) => Array.from({ length: count }, () => ({ up: true }));

describe("creditBytes()", () => {
  it("shares what may wait for the disk, in halves, down to a frame", () => {
    const shares = [0, 1, 4, 5, 8, 9, 64, 256].map(creditBytes);
    expect(shares).toEqual([Infinity, Infinity, Infinity, 8 * MIB, 8 * MIB, 4 * MIB, MIB, MIB / 4]);
  });
});

describe("ReceiveCredit.of()", () => {
  it("says nothing as long as there is enough, and the same object as long as it says the same", () => {
    const credit = new ReceiveCredit();
    expect(credit.of([...up(4), { up: false }])).toEqual({});
    const eight = credit.of(up(8));
    expect(eight).toEqual({ high: 8 * MIB, normal: 8 * MIB, bulk: 8 * MIB });
    expect(credit.of(up(5))).toBe(eight);
  });
});

describe("LaneSender.setCredit()", () => {
  it("bounds what is under way, a frame more at most, and goes on as answers come", () => {
    const setup = opened();
    setup.sender.setCredit(1);
    setup.pushFrames(3);
    expect(setup.take()).toEqual([1]);
    expect(setup.sender.state.credit).toBe(0);
  });

  it("stands still at 0, and goes on once there is more", () => {
    const setup = opened();
    setup.sender.setCredit(0);
    setup.pushFrames(2);
    expect(setup.take()).toEqual([]);
    setup.sender.setCredit(undefined);
    setup.world.advance(10);
    expect(setup.take()).toEqual([1]);
  });
});

describe("Links with a neighbour that says how much it takes", () => {
  it("keep to that", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    const hub = new LinkedCluster(world, "hub");
    hub.links.attach(broker.connect("own endpoint", { dialled: false }));
    const others = Array.from({ length: 5 }, (_, i) => new LinkedCluster(world, `leaf-${i}`));
    for (const { links } of others) links.attach(broker.connect("memory://hub"));
    world.advance(2000);
    const [leaf] = others;
    const links = [...leaf.links.neighbours.values()];
    expect(links.find(({ peer }) => peer === "hub")!.active!.theirs!.creditBytes.normal).toBe(8 * MIB);
  });
});
