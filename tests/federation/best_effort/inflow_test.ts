import { describe, expect, it } from "bun:test";

import { Inflow, type InflowParts } from "../../../federation/best_effort/inflow.ts";
import type { Frame, FrameGroup } from "../../../federation/link/codec/mod.ts";
import type { Arrival } from "../../../federation/mod.ts";
import { StoreFullError } from "../../../node/mod.ts";
import { FakeLog } from "../../support/fake_log.ts";
import { FakeWorld } from "../../support/fake_world.ts";
import { aDestination, aFrame, aGroup, aRecord, writeFrame } from "../frame_support.ts";

/** Bob's side of a link with alice. */
class Setup {
  readonly world = new FakeWorld();
  readonly log = new FakeLog({ cluster: "bob" });
  readonly told: string[] = [];
  readonly forwarded: string[] = [];
  readonly dropped: string[] = [];
  readonly refused: string[] = [];
  readonly errors: unknown[] = [];
  readonly history: string[] = [];
  readonly judged: Arrival[] = [];
  arrived = 0;
  repeats = 0;
  crossed = 0;
  members: string[] = [];
  judge: InflowParts["local"]["judge"] = (arrivals, done) => {
    this.judged.push(...arrivals);
    done(arrivals.map(() => "new"));
  };
  readonly inflow: Inflow;
  #sequence = 0;

  constructor() {
    this.inflow = new Inflow({
      world: this.world,
      self: "bob",
      log: this.log,
      local: {
        judge: (arrivals, done) => this.judge(arrivals, done),
        hasMember: (group) => this.members.includes(group),
      },
      onCrossed: () => this.crossed++,
      onForward: (_lane, _group, destinations) =>
        this.forwarded.push(destinations.map(({ cluster }) => cluster).join()),
      onUntold: (peer) => {
        this.told.push(peer);
        this.inflow.received(peer);
      },
      onTaken: () => this.history.push(`taken, ${this.log.commits.length} commits`),
      onArrived: (count) => this.arrived += count,
      onRepeated: (count) => this.repeats += count,
      onDropped: ({ events }, reason) => this.dropped.push(`${events.map(({ sequence }) => sequence)} ${reason}`),
      onRefused: ({ peer, code }) => this.refused.push(`${peer} ${code}`),
      onError: (error) => this.errors.push(error),
    });
  }

  receive(group: Partial<FrameGroup> = {}, frame: Partial<Frame> = {}): Uint8Array {
    const { bytes } = writeFrame(aFrame({ sequence: ++this.#sequence, groups: [aGroup(group)], ...frame }));
    this.inflow.receive("alice", bytes.slice());
    return bytes;
  }

  get ids(): unknown[] {
    return this.log.content.events.map(({ event }) => event.attributes.id);
  }
}

function anEventOf(sequence: number, options: Parameters<typeof aRecord>[1] = {}): FrameGroup["events"] {
  return [{ sequence, ageMs: 0, record: aRecord(sequence, options) }];
}

describe("Inflow", () => {
  it("appends what is for this cluster under its identity in the mesh, and writes nothing else", () => {
    const setup = new Setup();
    setup.receive({ events: anEventOf(7) });
    const [event] = setup.log.content.events;
    expect(event).toMatchObject({ origin: "alice", epoch: aGroup().epoch, sequence: 7 });
    expect(event.audience).toEqual({ ungrouped: true, groups: [] });
    expect(setup.log.commits).toEqual([{ entries: 1, changes: [] }]);
    expect([setup.arrived, setup.repeats]).toEqual([1, 0]);
  });

  it("passes on at once what is for others, and keeps nothing of it", () => {
    const setup = new Setup();
    setup.log.held = true;
    const destinations = ["bob", "charlie", "dora"].map((cluster) => aDestination({ cluster }));
    setup.receive({ destinations });
    expect([setup.forwarded, setup.history]).toEqual([["charlie,dora"], ["taken, 0 commits"]]);
    setup.log.flush();
    expect([setup.arrived, setup.ids.length]).toEqual([1, 1]);
    setup.receive({ destinations: destinations.slice(1), events: anEventOf(2) });
    setup.log.flush();
    expect([setup.forwarded, setup.ids.length]).toEqual([["charlie,dora", "charlie,dora"], 1]);
  });

  it("takes a frame once, and says how far it got", () => {
    const setup = new Setup();
    expect(setup.inflow.received("alice")).toBeUndefined();
    const bytes = setup.receive({}, { linkEpoch: 5, sequence: 3 });
    setup.inflow.receive("alice", bytes.slice());
    expect([setup.arrived, setup.repeats, setup.crossed]).toEqual([1, 1, 1]);
    expect(setup.inflow.received("alice")).toEqual({ linkEpoch: 5, sequence: 3, chain: "0000000000000000" });
  });

  it("has a neighbour told how far it got after each 128 KiB, though not more often than each 10 ms", () => {
    const setup = new Setup();
    const receive = (sequence: number) => setup.receive({ events: anEventOf(sequence, { data: "x".repeat(70_000) }) });
    receive(1);
    expect(setup.told).toEqual([]);
    receive(2);
    expect(setup.told).toEqual(["alice"]);
    for (const sequence of [3, 4]) receive(sequence);
    expect(setup.told).toHaveLength(1);
    setup.world.advance(10);
    receive(5);
    expect(setup.told).toHaveLength(2);
  });

  it("asks the publish window as if each event were another one, so that a copy of itself is a repeat", () => {
    const setup = new Setup();
    setup.receive({ events: anEventOf(7) });
    expect(setup.judged.map(({ origin, sequence }) => `${origin} ${sequence}`)).toEqual(["alice 0"]);
    setup.judge = (arrivals, done) => done(arrivals.map(() => "repeat"));
    setup.receive({ events: anEventOf(7) });
    expect([setup.ids, setup.arrived, setup.repeats]).toEqual([["event-7"], 1, 1]);
  });

  it("judges one batch at a time: what came meanwhile is judged once the batch is in the log", () => {
    const setup = new Setup();
    setup.log.held = true;
    setup.receive({ events: anEventOf(1) });
    setup.receive({ events: anEventOf(2) });
    setup.receive({ events: anEventOf(3) });
    expect(setup.judged).toHaveLength(1);
    setup.log.flush();
    expect([setup.judged.length, setup.log.commits.length]).toEqual([3, 2]);
    setup.log.flush();
    expect(setup.ids).toEqual(["event-1", "event-2", "event-3"]);
  });

  it("settles what the window holds back for it, once it is stored", () => {
    const setup = new Setup();
    let settled = 0;
    setup.judge = (arrivals, done) => done(arrivals.map(() => "new"), () => settled++);
    setup.log.held = true;
    setup.receive();
    expect(settled).toBe(0);
    setup.log.flush();
    expect(settled).toBe(1);
  });

  it("drops what is over, reserved, or for a group that has nobody here", () => {
    const setup = new Setup();
    setup.receive({ events: anEventOf(1, { ttlMs: -1 }) });
    setup.receive({ events: anEventOf(2, { topic: "weft-system.link.up" }) });
    setup.receive({ events: anEventOf(3), destinations: [aDestination({ ungrouped: false, groups: ["billing"] })] });
    expect(setup.dropped).toEqual(["1 EXPIRED", "2 TOPIC_RESERVED", "3 NO_MEMBER"]);
    setup.members = ["billing"];
    setup.receive({
      events: anEventOf(4),
      destinations: [aDestination({ ungrouped: false, groups: ["billing", "audit"] })],
    });
    expect(setup.log.content.events.map(({ audience }) => audience)).toEqual([{
      ungrouped: false,
      groups: ["billing"],
    }]);
  });

  it("leaves the room above 70 % of the store to custody", () => {
    const setup = new Setup();
    setup.log.permille = 699;
    setup.receive({ events: anEventOf(1) });
    setup.log.permille = 700;
    setup.receive({ events: anEventOf(2) });
    expect([setup.ids, setup.dropped]).toEqual([["event-1"], ["2 NO_ROOM"]]);
  });

  it("drops what a full store refuses, and goes on", () => {
    const setup = new Setup();
    setup.log.failure = new StoreFullError("full", { full: "cap", retryAfterMs: 100 });
    setup.receive({ events: anEventOf(1) });
    setup.log.failure = new Error("broken");
    setup.receive({ events: anEventOf(2) });
    setup.log.failure = undefined;
    setup.receive({ events: anEventOf(3) });
    expect([setup.ids, setup.dropped]).toEqual([["event-3"], ["1 NO_ROOM", "2 NO_ROOM"]]);
    expect(setup.errors.map(String)).toEqual(["Error: broken"]);
  });

  it("holds 16 MB at most for the disk", () => {
    const setup = new Setup();
    setup.log.held = true;
    const data = "x".repeat(5 * 1024 * 1024);
    for (const sequence of [1, 2, 3, 4]) setup.receive({ events: anEventOf(sequence, { data }) });
    expect(setup.dropped).toEqual(["4 NO_ROOM"]);
    setup.log.held = false;
    setup.log.flush();
    setup.receive({ events: anEventOf(5, { data }) });
    expect(setup.ids).toEqual(["event-1", "event-2", "event-3", "event-5"]);
  });

  it("refuses what is no frame, forged hops, and ends of events, which are told in custody alone", () => {
    const setup = new Setup();
    setup.inflow.receive("alice", new Uint8Array(100));
    setup.receive({ hops: ["alice", "mallory"] });
    setup.receive({ ended: "expired", events: [{ sequence: 1, ageMs: 0, record: new Uint8Array(0) }] });
    expect(setup.refused).toEqual(["alice NOT_A_FRAME", "alice HOPS_FORGED", "alice MALFORMED"]);
    expect([setup.ids, setup.crossed]).toEqual([[], 0]);
  });
});
