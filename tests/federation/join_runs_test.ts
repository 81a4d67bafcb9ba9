import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { joinRuns } from "../../federation/custody/join_runs.ts";
import { positionAt, type Run, sequenceAt } from "../../federation/custody/shipment.ts";
import { aDestination } from "./frame_support.ts";
import { aRun } from "./shipment_support.ts";

/** One event of eve's on its way to bob. */
const event = (position: number, sequence: number, previous: number, overrides: Partial<Run> = {}): Run =>
  aRun({
    position,
    origin: "eve",
    firstSequence: sequence,
    destinations: [aDestination({ previous })],
    ...overrides,
  });

const rows = (runs: readonly Run[]): unknown[] =>
  runs.flatMap((run) => Array.from({ length: run.count }, (_, i) => [positionAt(run, i), sequenceAt(run, i)]));

describe("joinRuns()", () => {
  it("makes one of what is consecutive, without lists", () => {
    const [run, ...others] = joinRuns([event(1, 7, 0), event(2, 8, 7), event(3, 9, 8)]);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ position: 1, firstSequence: 7, count: 3, bytes: 300 });
    expect([run.positions, run.sequences]).toEqual([undefined, undefined]);
  });

  it("lists positions and numbers between which there are others", () => {
    const [run] = joinRuns([event(1, 7, 0), event(5, 9, 7), event(6, 20, 9)]);
    expect([run.positions, run.sequences]).toEqual([[1, 5, 6], [7, 9, 20]]);
  });

  it("never joins over a number that the destination was to get as well", () => {
    expect(joinRuns([event(1, 7, 0), event(3, 9, 8)])).toHaveLength(2);
  });

  it("never joins what differs in its end, its way, its lane or its origin", () => {
    const first = event(1, 7, 0);
    const others: Partial<Run>[] = [{ ended: "expired" }, { hops: ["rome"] }, { lane: "bulk" }, { origin: "bob" }, {
      epoch: 1,
    }];
    for (const other of others) expect(joinRuns([first, event(2, 8, 7, other)])).toHaveLength(2);
  });

  it("keeps the order of the log", () => {
    expect(joinRuns([event(5, 7, 0), event(4, 8, 7)])).toHaveLength(2);
  });

  it("ends when the first of them does", () => {
    const runs = [event(1, 7, 0), event(2, 8, 7, { endsAt: 50 }), event(3, 9, 8, { endsAt: 20 })];
    expect(joinRuns(runs)[0].endsAt).toBe(20);
  });

  it("keeps every event, its position, its number and what came before it", () => {
    const steps = fc.array(
      fc.record({
        position: fc.integer({ min: 1, max: 3 }),
        sequence: fc.integer({ min: 1, max: 3 }),
        gap: fc.boolean(),
      }),
    );
    fc.assert(fc.property(steps, (steps) => {
      let position = 0;
      let sequence = 0;
      const runs = steps.map((step) => {
        const previous = step.gap ? sequence + step.sequence - 1 : sequence;
        position += step.position;
        sequence += step.sequence;
        return event(position, sequence, previous);
      });
      const joined = joinRuns(runs);
      expect(rows(joined)).toEqual(rows(runs));
      const firsts = new Map(runs.map((run) => [run.firstSequence, run.destinations[0].previous]));
      for (const run of joined) {
        expect(run.destinations[0].previous).toBe(firsts.get(run.firstSequence)!);
        for (let i = 1; i < run.count; i++) expect(firsts.get(sequenceAt(run, i))).toBe(sequenceAt(run, i - 1));
      }
    }));
  });
});
