import { describe, expect, it } from "bun:test";

import { decodeRuns } from "../../federation/custody/run_document.ts";
import { StoreFullError } from "../../node/mod.ts";
import { aGroup, aRecord } from "./frame_support.ts";
import { onward, Setup } from "./intake_support.ts";

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
    expect(setup.answers[0]).toMatchObject({ detail: "bob has no room: Cannot store event: full" });
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
