import { describe, expect, it } from "bun:test";

import { Coverages } from "../../federation/custody/coverage.ts";
import { Intake, type IntakeParts } from "../../federation/custody/intake.ts";
import { Places } from "../../federation/custody/places.ts";
import { decodeRuns } from "../../federation/custody/run_document.ts";
import { type Chain, CHAIN_START, type Frame, type FrameGroup } from "../../federation/link/codec/mod.ts";
import type { FrameAnswer } from "../../federation/link/publish_ack.ts";
import { StoreFullError } from "../../node/mod.ts";
import { FakeLog } from "../support/fake_log.ts";
import { aDestination, aFrame, aGroup, aRecord, writeFrame } from "./frame_support.ts";

/** Bob's intake, and frames of alice that continue each other. */
class Setup {
  readonly log = new FakeLog({ cluster: "bob" });
  readonly coverages = new Coverages();
  readonly places = new Places();
  readonly answers: FrameAnswer[] = [];
  readonly forwarded: Parameters<IntakeParts["onForward"]>[] = [];
  readonly refused: string[] = [];
  readonly errors: unknown[] = [];
  /** What happened, in order. */
  readonly history: string[] = [];
  readonly intake: Intake;
  judge: IntakeParts["local"]["judge"] = (arrivals, done) => done(arrivals.map(() => "new"));
  #chain: Chain = CHAIN_START;
  #sequence = 0;
  #marks = 0;

  constructor() {
    this.intake = new Intake({
      self: "bob",
      log: this.log,
      local: { judge: (arrivals, done) => this.judge(arrivals, done), hasMember: () => true },
      coverages: this.coverages,
      places: this.places,
      newMark: () => `m${this.#marks++}`,
      onForward: (...forward) => {
        this.forwarded.push(forward);
        this.history.push("forward");
      },
      onCovered: ({ origin }) => this.history.push(`covered ${origin}`),
      onCrossed: (peer, { events }) => this.history.push(`crossed ${peer} ${events.length}`),
      onRefused: ({ peer, code }) => this.refused.push(`${peer} ${code}`),
      onError: (error) => this.errors.push(error),
    });
  }

  /** The next frame of alice's lane. */
  next(overrides: Partial<Frame> = {}): Uint8Array {
    const sequence = ++this.#sequence;
    const event = { sequence, ageMs: 0, record: aRecord(sequence) };
    const destinations = [aDestination({ previous: sequence - 1 })];
    const groups = [aGroup({ events: [event], destinations })];
    const { bytes, chain } = writeFrame(aFrame({ sequence, previousChain: this.#chain, groups, ...overrides }));
    this.#chain = chain;
    return bytes.slice();
  }

  /** Later frames belong to a new link epoch. */
  newEpoch(): void {
    this.#chain = CHAIN_START;
    this.#sequence = 0;
  }

  receive(bytes: Uint8Array, { peer = "alice" }: { peer?: string } = {}): void {
    this.intake.receive(peer, "normal", bytes, (answer) => {
      this.answers.push(answer);
      this.history.push(answer.type);
    });
  }

  get accepted(): number[] {
    return this.answers.flatMap((answer) => answer.type === "accepted" ? [answer.sequence] : []);
  }

  get ids(): unknown[] {
    return this.log.content.events.map(({ event }) => event.attributes.id);
  }
}

const onward = (overrides: Partial<FrameGroup> = {}): Partial<Frame> => ({
  groups: [aGroup({ destinations: [aDestination({ cluster: "charlie" })], ...overrides })],
});

describe("Intake.receive()", () => {
  it("acknowledges a frame with its sequence once it is durable", () => {
    const setup = new Setup();
    setup.log.held = true;
    setup.receive(setup.next());
    expect(setup.answers).toEqual([]);
    setup.log.flush();
    expect([setup.answers, setup.ids]).toEqual([[{ type: "accepted", sequence: 1 }], ["event-1"]]);
  });

  it("stores events, place and coverage in one commit", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    expect(setup.log.commits).toHaveLength(1);
    expect(setup.log.commits[0].entries).toBe(1);
    expect(setup.log.commits[0].changes.map(({ key }) => key)).toEqual([
      "federation/received/alice/normal",
      `federation/covered/alice/${aGroup().epoch}`,
    ]);
  });

  it("makes durable where the lane stands", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.receive(setup.next());
    const again = new Places();
    const key = "federation/received/alice/normal";
    again.load(key, setup.log.content.documents.get(key)!);
    expect(again.durable("alice", "normal")).toEqual(setup.places.durable("alice", "normal"));
    expect(again.durable("alice", "normal")).toMatchObject({ linkEpoch: 5, sequence: 2 });
  });

  it("puts what arrives during a commit into the next one", () => {
    const setup = new Setup();
    setup.log.held = true;
    for (let i = 0; i < 4; i++) setup.receive(setup.next());
    setup.log.flush();
    setup.log.flush();
    expect(setup.log.commits.map(({ entries }) => entries)).toEqual([1, 3]);
    expect(setup.accepted).toEqual([1, 2, 3, 4]);
  });

  it("puts no more than 64 frames into a commit", () => {
    const setup = new Setup();
    setup.log.held = true;
    for (let i = 0; i < 70; i++) setup.receive(setup.next());
    for (let i = 0; i < 3; i++) setup.log.flush();
    expect(setup.log.commits.map(({ entries }) => entries)).toEqual([1, 64, 5]);
    expect(setup.accepted).toHaveLength(70);
  });

  it("does not wait for a judge when nothing is to be judged", () => {
    const setup = new Setup();
    setup.judge = () => setup.history.push("judged");
    setup.receive(setup.next(onward()));
    expect([setup.history.includes("judged"), setup.accepted]).toEqual([false, [1]]);
  });

  it("commits nothing before its judge has spoken", () => {
    const setup = new Setup();
    let speak = (): void => {};
    setup.judge = (arrivals, done) => speak = () => done(arrivals.map(() => "repeat"));
    setup.receive(setup.next());
    setup.receive(setup.next());
    expect(setup.log.commits).toHaveLength(0);
    speak();
    expect([setup.accepted, setup.intake.counts.rejected]).toEqual([[1], 1]);
  });

  it("tells its judge when what was judged is stored, or is not", () => {
    const setup = new Setup();
    let settled = 0;
    setup.judge = (arrivals, done) => done(arrivals.map(() => "new"), () => settled++);
    setup.log.held = true;
    setup.receive(setup.next());
    expect(settled).toBe(0);
    setup.log.flush();
    expect(settled).toBe(1);
    setup.receive(setup.next());
    setup.log.failure = new Error("disk");
    setup.log.flush();
    expect(settled).toBe(2);
  });

  it("counts what became of the events", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.newEpoch();
    setup.receive(setup.next({ linkEpoch: 6 }));
    expect(setup.intake.counts).toMatchObject({ frames: 2, events: 1, delivered: 1, repeats: 1 });
  });

  it("says what has crossed and what is covered once that is durable, after the acknowledgement", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    expect(setup.history).toEqual(["accepted", "crossed alice 1", "covered alice"]);
  });
});

describe("Intake.receive() of frames out of turn", () => {
  it("acknowledges a repeated frame with the place that is durable, and stores it once", () => {
    const setup = new Setup();
    const first = setup.next();
    setup.receive(first);
    setup.receive(setup.next());
    setup.receive(first);
    expect([setup.accepted, setup.ids]).toEqual([[1, 2, 2], ["event-1", "event-2"]]);
  });

  it("does not acknowledge a repeated frame before the first copy is durable", () => {
    const setup = new Setup();
    setup.log.held = true;
    const first = setup.next();
    setup.receive(first);
    setup.receive(first);
    expect(setup.answers).toEqual([]);
    setup.log.flush();
    expect(setup.accepted).toEqual([1]);
  });

  it("refuses a gap with the last sequence that it has", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.next();
    setup.receive(setup.next());
    expect(setup.answers.at(-1)).toEqual({ type: "wrongSequence", last: 1, linkEpoch: 5 });
  });

  it("tells no sender of frames that still wait for the disk: they may never get there", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.log.held = true;
    setup.receive(setup.next());
    setup.next();
    setup.receive(setup.next());
    expect(setup.answers.at(-1)).toEqual({ type: "wrongSequence", last: 1, linkEpoch: 5 });
  });

  it("tells no sender what is durable of another link epoch", () => {
    const setup = new Setup();
    for (let i = 0; i < 3; i++) setup.receive(setup.next());
    setup.newEpoch();
    setup.log.held = true;
    setup.receive(setup.next({ linkEpoch: 6 }));
    setup.next({ linkEpoch: 6 });
    setup.receive(setup.next({ linkEpoch: 6 }));
    expect(setup.answers.at(-1)).toEqual({ type: "wrongSequence", last: 0, linkEpoch: 6 });
  });

  it("takes frames that continue one that still waits for the disk", () => {
    const setup = new Setup();
    setup.log.held = true;
    setup.receive(setup.next());
    setup.receive(setup.next());
    expect(setup.answers).toEqual([]);
  });

  it("refuses frames of an older link epoch", () => {
    const setup = new Setup();
    setup.receive(setup.next({ linkEpoch: 6 }));
    setup.receive(setup.next({ linkEpoch: 5 }));
    expect(setup.answers.at(-1)).toEqual({ type: "wrongSequence", last: 1, linkEpoch: 6 });
  });

  it("begins at 1 in a newer link epoch", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.newEpoch();
    setup.next({ linkEpoch: 6 });
    setup.receive(setup.next({ linkEpoch: 6 }));
    expect(setup.answers.at(-1)).toEqual({ type: "wrongSequence", last: 0, linkEpoch: 6 });
    setup.newEpoch();
    setup.receive(setup.next({ linkEpoch: 6 }));
    expect(setup.answers.at(-1)).toEqual({ type: "accepted", sequence: 1 });
  });

  it("refuses a frame whose sender means other frames by the same numbers", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.receive(setup.next({ previousChain: { hi: 1, lo: 1 } }));
    expect(setup.answers.at(-1)).toMatchObject({ type: "refused", code: "CHAIN" });
    expect([setup.refused, setup.ids]).toEqual([["alice CHAIN"], ["event-1"]]);
  });

  it("refuses a first frame that claims to continue another", () => {
    const setup = new Setup();
    setup.receive(setup.next({ previousChain: { hi: 1, lo: 1 } }));
    expect(setup.answers).toMatchObject([{ type: "refused", code: "CHAIN" }]);
  });

  it("refuses what it cannot read", () => {
    const setup = new Setup();
    setup.receive(new Uint8Array(10));
    expect(setup.answers).toMatchObject([{ type: "refused" }]);
    expect([setup.refused.length, setup.intake.counts.refused]).toEqual([1, 1]);
  });

  it("refuses a frame that hides from where it comes", () => {
    const setup = new Setup();
    setup.receive(setup.next({ groups: [aGroup(), aGroup({ origin: "eve", hops: ["eve"] })] }));
    expect(setup.refused).toEqual(["alice HOPS_FORGED"]);
    expect(setup.log.commits).toHaveLength(0);
  });

  it("keeps the lanes of neighbours apart", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.newEpoch();
    const groups = [aGroup({ hops: ["alice", "dora"], events: [{ sequence: 2, ageMs: 0, record: aRecord(2) }] })];
    setup.receive(setup.next({ groups }), { peer: "dora" });
    expect(setup.accepted).toEqual([1, 1]);
  });
});

describe("Intake.receive() of events for others", () => {
  it("makes custody durable before it acknowledges", () => {
    const setup = new Setup();
    setup.log.held = true;
    setup.receive(setup.next(onward()));
    expect(setup.forwarded).toEqual([]);
    setup.log.flush();
    expect(setup.history.slice(0, 2)).toEqual(["forward", "accepted"]);
    expect(setup.log.keys("federation/custody/")).toEqual(["federation/custody/m0/0000000000000001"]);
  });

  it("forwards runs at the positions that the events got, as the document says them", () => {
    const setup = new Setup();
    setup.receive(setup.next());
    setup.receive(
      setup.next(onward({ events: [3, 5].map((sequence) => ({ sequence, ageMs: 0, record: aRecord(sequence) })) })),
    );
    const [[runs, document]] = setup.forwarded;
    expect(runs).toMatchObject([{ position: 2, count: 2, sequences: [3, 5], hops: ["alice"] }]);
    expect(document).toEqual({ key: "federation/custody/m1/0000000000000002", first: 2, last: 3 });
    expect(decodeRuns(setup.log.content.documents.get(document.key)!, 2)).toEqual(
      runs.map((
        { position, count, origin, epoch, firstSequence, sequences, bytes, lane, hops, detours, ended, destinations },
      ) => ({
        ...{
          position,
          count,
          origin,
          epoch,
          firstSequence,
          sequences,
          bytes,
          lane,
          destinations,
          hops,
          detours,
          ended,
        },
      })),
    );
  });

  it("gives documents about tombstones alone keys of their own", () => {
    const setup = new Setup();
    const ended = onward({ ended: "expired", events: [{ sequence: 1, ageMs: 0, record: new Uint8Array(0) }] });
    setup.receive(setup.next(ended));
    setup.receive(setup.next(ended));
    expect(setup.log.keys("federation/custody/")).toHaveLength(2);
    expect(setup.forwarded.map(([, { first, last }]) => [first, last])).toEqual([[0, 0], [0, 0]]);
  });
});

describe("Intake.receive() without room", () => {
  const full = new StoreFullError("Cannot store event: full", { full: "cap", retryAfterMs: 10 });

  it("tells the sender of every frame that waits to wait, and keeps nothing", () => {
    const setup = new Setup();
    setup.log.held = true;
    const frames = [setup.next(), setup.next(), setup.next()];
    for (const frame of frames) setup.receive(frame);
    setup.log.failure = full;
    setup.log.flush();
    expect(setup.answers.map(({ type }) => type)).toEqual(["full", "full", "full"]);
    expect([setup.coverages.find("alice", aGroup().epoch)?.has(1), setup.errors]).toEqual([false, []]);
    expect(setup.intake.counts.full).toBe(3);
  });

  it("takes the frames again afterwards", () => {
    const setup = new Setup();
    const frames = [setup.next(), setup.next()];
    setup.log.failure = full;
    setup.receive(frames[0]);
    setup.log.failure = undefined;
    for (const frame of frames) setup.receive(frame);
    expect([setup.accepted, setup.ids]).toEqual([[1, 2], ["event-1", "event-2"]]);
  });

  it("counts no waiting bytes once nothing waits", () => {
    const setup = new Setup();
    setup.log.held = true;
    const frame = setup.next();
    setup.receive(frame);
    setup.receive(setup.next());
    expect(setup.intake.waitingBytes).toBeGreaterThan(frame.length);
    setup.log.failure = full;
    setup.log.flush();
    expect(setup.intake.waitingBytes).toBe(0);
    setup.log.failure = undefined;
    setup.log.held = false;
    setup.receive(frame);
    expect(setup.intake.waitingBytes).toBe(0);
  });

  it("reports an error of the store, and does not tell the peer its text", () => {
    const setup = new Setup();
    setup.log.failure = new Error("secret path");
    setup.receive(setup.next());
    expect(setup.errors).toHaveLength(1);
    expect(JSON.stringify(setup.answers)).not.toMatch(/secret/);
  });

  it("takes events for this very cluster when the doors have closed", () => {
    const setup = new Setup();
    setup.log.permille = 994;
    setup.receive(setup.next());
    expect(setup.accepted).toEqual([1]);
  });

  it("takes nothing at all at the very end", () => {
    const setup = new Setup();
    setup.log.permille = 995;
    setup.receive(setup.next());
    expect(setup.answers).toMatchObject([{ type: "full" }]);
  });

  it("takes events in transit the longer, the more clusters they have crossed", () => {
    const hops = (count: number): string[] => [...Array.from({ length: count - 1 }, (_, i) => `c${i}`), "alice"];
    const takes = (permille: number, count: number): boolean => {
      const setup = new Setup();
      setup.log.permille = permille;
      setup.receive(setup.next(onward({ hops: hops(count) })));
      return setup.accepted.length === 1;
    };
    expect([takes(699, 1), takes(709, 1), takes(710, 1)]).toEqual([true, true, false]);
    expect([takes(729, 3), takes(730, 3)]).toEqual([true, false]);
    expect([takes(989, 32), takes(990, 32)]).toEqual([true, false]);
  });

  it("counts frames that wait for the disk: a burst may not fill what is kept for events with more hops", () => {
    const setup = new Setup();
    const large = [{ sequence: 1, ageMs: 0, record: aRecord(1, { data: "x".repeat(300_000) }) }];
    setup.log.bytesMax = 100 * 1024 * 1024;
    setup.log.permille = 709;
    setup.log.held = true;
    setup.receive(setup.next(onward({ events: large })));
    expect(setup.answers).toEqual([]);
    setup.receive(setup.next(onward()));
    expect(setup.answers).toMatchObject([{ type: "full" }]);
  });

  it("makes steps no smaller than a frame where the store is small", () => {
    const takes = (permille: number): boolean => {
      const setup = new Setup();
      setup.log.bytesMax = 20_000_000;
      setup.log.permille = permille;
      setup.receive(setup.next(onward()));
      return setup.accepted.length === 1;
    };
    expect([takes(726), takes(727)]).toEqual([true, false]);
  });

  it("does not stage the place of a frame that it had no room for", () => {
    const setup = new Setup();
    setup.log.permille = 995;
    const frame = setup.next();
    setup.receive(frame);
    setup.log.permille = 0;
    setup.receive(frame);
    expect(setup.accepted).toEqual([1]);
  });
});
