import { describe, expect, it } from "bun:test";

import type { OutGroup } from "../../../federation/best_effort/lane_batch.ts";
import { type OpenLink, Outflow } from "../../../federation/best_effort/outflow.ts";
import { decodeFrame, type Frame, type FrameGroupHead, type Lane } from "../../../federation/link/codec/mod.ts";
import { FakeWorld } from "../../support/fake_world.ts";
import { aDestination, aRecord } from "../frame_support.ts";

const HEAD: FrameGroupHead = { origin: "alice", epoch: 9, hops: ["alice"], detours: 0, destinations: [aDestination()] };

class Setup {
  readonly world = new FakeWorld();
  readonly frames: Frame[] = [];
  readonly sent: number[] = [];
  readonly dropped: string[] = [];
  readonly outflow: Outflow;
  link: Omit<OpenLink, "publish"> | undefined = { linkEpoch: 5, bufferedBytes: 0, payloadBytesMax: 1024 * 1024 };

  constructor() {
    this.outflow = new Outflow({
      world: this.world,
      link: () => this.link && { ...this.link, publish: (bytes) => this.#published(bytes) },
      onSent: (groups) => this.sent.push(...sequences(groups)),
      onDropped: (groups, reason) => this.dropped.push(`${sequences(groups)} ${reason}`),
    });
  }

  add(sequence: number, { head = HEAD, data = "{}", lane = "normal" as Lane } = {}): void {
    this.outflow.add(lane, head, { sequence, ageMs: 3, record: aRecord(sequence, { data }) });
  }

  /** Sends one event of so many bytes at once. */
  sendOne(sequence: number, bytes: number): void {
    this.add(sequence, { data: "x".repeat(bytes) });
    this.outflow.flush();
  }

  #published(bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes);
    if ("problem" in decoded) throw new Error(decoded.detail);
    this.frames.push(decoded.frame);
  }
}

function sequences(groups: readonly OutGroup[]): number[] {
  return groups.flatMap(({ events }) => events.map(({ sequence }) => sequence));
}

describe("Outflow", () => {
  it("puts what is gathered into one frame, events that travel alike into one group", () => {
    const setup = new Setup();
    const toBoth = { ...HEAD, destinations: [aDestination(), aDestination({ cluster: "charlie" })] };
    setup.add(4);
    setup.add(6);
    setup.add(7, { head: toBoth });
    expect(setup.frames).toEqual([]);
    setup.outflow.flush();
    expect(setup.frames).toHaveLength(1);
    const [{ linkEpoch, sequence, groups }] = setup.frames;
    expect([linkEpoch, sequence, setup.sent]).toEqual([5, 1, [4, 6, 7]]);
    expect(groups.map(({ events, destinations }) => [events.length, destinations.map(({ cluster }) => cluster)]))
      .toEqual(
        [[2, ["bob"]], [1, ["bob", "charlie"]]],
      );
  });

  it("puts events of different lanes into different frames, which say so", () => {
    const setup = new Setup();
    setup.add(1, { lane: "bulk" });
    setup.add(2, { lane: "high" });
    setup.add(3, { lane: "bulk" });
    setup.outflow.flush();
    expect(setup.frames.map(({ lane, groups }) => `${lane} ${sequences(groups as OutGroup[])}`))
      .toEqual(["bulk 1,3", "high 2"]);
  });

  it("numbers frames within a link epoch, and begins at 1 in the next", () => {
    const setup = new Setup();
    for (const sequence of [1, 2]) setup.sendOne(sequence, 10);
    setup.link = { ...setup.link!, linkEpoch: 6 };
    setup.sendOne(3, 10);
    expect(setup.frames.map(({ linkEpoch, sequence }) => `${linkEpoch}/${sequence}`)).toEqual(["5/1", "5/2", "6/1"]);
  });

  it("seals a frame at 512 events, and before one that would make it larger than 256 KiB", () => {
    const setup = new Setup();
    for (let sequence = 1; sequence <= 513; sequence++) setup.add(sequence);
    setup.add(514, { data: "x".repeat(256 * 1024) });
    setup.outflow.flush();
    expect(setup.frames.map(({ groups: [{ events }] }) => events.length)).toEqual([512, 1, 1]);
  });

  it("drops what it has while the link is down, and takes nothing up again", () => {
    const setup = new Setup();
    const { link } = setup;
    setup.link = undefined;
    setup.sendOne(1, 10);
    setup.link = link;
    setup.sendOne(2, 10);
    expect([setup.sent, setup.dropped]).toEqual([[2], ["1 LINK_DOWN"]]);
  });

  it("drops what is more than the link takes, until the neighbour says that it got the rest", () => {
    const setup = new Setup();
    for (const sequence of [1, 2, 3]) setup.sendOne(sequence, 300_000);
    expect([setup.sent, setup.dropped]).toEqual([[1, 2], ["3 CONGESTED"]]);
    setup.outflow.heard(4, 2);
    setup.sendOne(4, 10);
    expect(setup.dropped).toEqual(["3 CONGESTED", "4 CONGESTED"]);
    setup.outflow.heard(5, 2);
    expect(setup.outflow.underWayBytes).toBe(0);
    setup.sendOne(5, 10);
    expect([setup.sent, setup.frames.at(-1)!.sequence]).toEqual([[1, 2, 5], 3]);
  });

  it("never adds to a megabyte that the bus has not written: custody would stand behind it", () => {
    const setup = new Setup();
    setup.link = { ...setup.link!, bufferedBytes: 1024 * 1024 };
    setup.sendOne(1, 10);
    setup.link = { ...setup.link!, bufferedBytes: 1024 * 1024 + 1 };
    setup.sendOne(2, 10);
    expect([setup.sent, setup.dropped]).toEqual([[1], ["2 CONGESTED"]]);
  });

  it("drops an event that the bus would not carry", () => {
    const setup = new Setup();
    setup.link = { ...setup.link!, payloadBytesMax: 1000 };
    setup.sendOne(1, 2000);
    setup.sendOne(2, 10);
    expect([setup.sent, setup.dropped, setup.frames[0].sequence]).toEqual([[2], ["1 TOO_LARGE"], 1]);
  });
});
