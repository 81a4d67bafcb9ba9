import { describe, expect, it } from "bun:test";

import { Places } from "../../federation/custody/places.ts";
import { aGroup, aRecord } from "./frame_support.ts";
import { onward, Setup } from "./intake_support.ts";

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
