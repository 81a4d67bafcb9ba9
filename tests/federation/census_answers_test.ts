import { describe, expect, it } from "bun:test";

import { CensusAnswers } from "../../federation/custody/census_answers.ts";
import { CENSUS_INTERVALS, type CensusQuestion, toCensusIntervals } from "../../federation/custody/census_message.ts";
import { Coverages } from "../../federation/custody/coverage.ts";
import type { Run } from "../../federation/custody/shipment.ts";
import { FAKE_EPOCH } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aDestination } from "./frame_support.ts";
import { aRun } from "./shipment_support.ts";

const OF_OSLO = [aDestination({ cluster: "oslo" })];

/** Cluster london, which paris asks about its events for oslo. */
function setUp({ self = "london" }: { self?: string } = {}) {
  const world = new FakeWorld();
  const owed: Run[] = [];
  const coverages = new Coverages();
  const told: string[] = [];
  const answers = new CensusAnswers({
    world,
    self,
    owed: () => owed,
    coverages,
    receipts: {
      note: ({ origin, epoch }) => told.push(`${origin}/${epoch}`),
      tellClosed: (origin, epoch) => told.push(`closed ${origin}/${epoch}`),
    },
  });
  const ask = (overrides: Partial<CensusQuestion> = {}) =>
    answers.answer("paris", { census: 1, epoch: FAKE_EPOCH, destination: "oslo", intervals: [[0, 10]], ...overrides });
  return { world, owed, coverages, told, answers, ask };
}

const aCopy = (overrides: Partial<Run> = {}): Run =>
  aRun({ origin: "paris", destinations: OF_OSLO, firstSequence: 3, count: 2, ...overrides });

describe("CensusAnswers.answer()", () => {
  it("has what waits here for that destination, of those that are asked for", () => {
    const { owed, ask } = setUp();
    owed.push(aCopy(), aCopy({ firstSequence: 9, count: 5 }), aCopy({ firstSequence: 7, sequences: [7, 20] }));
    expect(ask()!.held).toEqual([[2, 4], [6, 7], [8, 10]]);
  });

  it("has nothing of another origin, epoch or destination", () => {
    const { owed, ask } = setUp();
    owed.push(
      aCopy({ origin: "rome" }),
      aCopy({ epoch: 1 }),
      aCopy({ destinations: [aDestination({ cluster: "bonn" })] }),
    );
    expect(ask()!.held).toEqual([]);
  });

  it("has, as the destination, what has come, and tells its origin of it again", () => {
    const { coverages, told, ask } = setUp({ self: "oslo" });
    coverages.of("paris", FAKE_EPOCH).cover(1, 4);
    expect(ask()!.held).toEqual([[1, 4]]);
    expect(told).toEqual([`paris/${FAKE_EPOCH}`]);
  });

  it("has, as the destination, everything of an epoch that its origin had closed", () => {
    const { coverages, told, ask } = setUp({ self: "oslo" });
    coverages.of("paris", FAKE_EPOCH).cover(0, 10);
    coverages.close("paris", FAKE_EPOCH);
    expect(ask()!.held).toEqual([[0, 10]]);
    expect(told).toEqual([`closed paris/${FAKE_EPOCH}`]);
  });

  it("tells in the second round of what came and went since the first", () => {
    const { answers, ask } = setUp();
    expect(ask()).toEqual({ held: [], watched: false });
    answers.noteHeld(aCopy());
    answers.noteHeld(aCopy({ origin: "rome", firstSequence: 8 }));
    expect(ask()).toEqual({ held: [[2, 4]], watched: true });
    expect(ask()).toEqual({ held: [], watched: true });
  });

  it("has not watched for another census, nor for longer than a minute", () => {
    const { world, answers, ask } = setUp();
    ask();
    expect(ask({ census: 2 })!.watched).toBe(false);
    world.advance(60_000);
    answers.noteHeld(aCopy());
    expect(ask({ census: 2 })!.watched).toBe(false);
  });

  it("answers nothing to what is no question", () => {
    const { answers } = setUp();
    const question = { census: 1, epoch: 1, destination: "oslo", intervals: [[0, 1]] };
    for (const wrong of [{ intervals: [[1, 1]] }, { census: -1 }, { destination: 5 }, { epoch: undefined }]) {
      expect(answers.answer("paris", { ...question, ...wrong })).toBeUndefined();
    }
    expect(answers.answer("paris", null)).toBeUndefined();
    expect(answers.answer("paris", question)).toBeDefined();
  });
});

describe("toCensusIntervals()", () => {
  it("says too much rather than too little when there are too many", () => {
    const many = Array.from({ length: CENSUS_INTERVALS + 5 }, (_, i) => [3 * i, 3 * i + 1] as const);
    const cut = toCensusIntervals(many);
    expect(cut).toHaveLength(CENSUS_INTERVALS);
    expect(cut.at(-1)).toEqual([3 * (CENSUS_INTERVALS - 1), many.at(-1)![1]]);
  });
});
