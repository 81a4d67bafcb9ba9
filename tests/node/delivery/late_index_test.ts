import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import {
  comparePlaces,
  endOfRun,
  FIRST_PLACE,
  LateIndex,
  type OriginPlace,
} from "../../../node/delivery/late_index.ts";
import type { Audience, StoredEvent } from "../../../node/event_store.ts";

const UNGROUPED: Audience = { ungrouped: true, groups: [] };

function stored(place: OriginPlace, position: number, audience = UNGROUPED): StoredEvent {
  return { origin: "paris", ...place, position, audience } as StoredEvent;
}

/** Everything that it tells between two places, with the positions. */
function all(index: LateIndex, after: OriginPlace, before: OriginPlace): string[] {
  const told: string[] = [];
  for (let from = after;;) {
    const run = index.between("paris", from, before);
    if (run === undefined) return told;
    run.sequences.forEach((sequence, i) => told.push(`${run.epoch}/${sequence}@${run.position + i}`));
    from = endOfRun(run);
  }
}

const place = fc.record({ epoch: fc.integer({ min: 1, max: 2 }), sequence: fc.integer({ min: 1, max: 30 }) });

describe("LateIndex.between()", () => {
  it("tells what came behind something younger, in the origin's order and with its positions, whatever came when", () => {
    const arrivals = fc.uniqueArray(place, {
      selector: ({ epoch, sequence }) => `${epoch}/${sequence}`,
      maxLength: 40,
    });
    fc.assert(fc.property(arrivals, place, place, (places, after, before) => {
      const index = new LateIndex();
      const late: { place: OriginPlace; position: number }[] = [];
      let top = FIRST_PLACE;
      places.forEach((at, i) => {
        index.note(stored(at, i + 1));
        if (comparePlaces(at, top) < 0) late.push({ place: at, position: i + 1 });
        else top = at;
      });
      const expected = late.filter(({ place: at }) => comparePlaces(at, after) > 0 && comparePlaces(at, before) < 0)
        .sort((a, b) => comparePlaces(a.place, b.place))
        .map(({ place: { epoch, sequence }, position }) => `${epoch}/${sequence}@${position}`);
      expect(all(index, after, before)).toEqual(expected);
      expect(index.size).toBe(late.length);
    }));
  });

  it("leaves out what only passes through, and what was published here", () => {
    const index = new LateIndex();
    index.note(stored({ epoch: 1, sequence: 9 }, 1));
    index.note(stored({ epoch: 1, sequence: 5 }, 2, { ungrouped: false, groups: [] }));
    index.note(stored({ epoch: 1, sequence: 6 }, 3, "everybody"));
    expect(all(index, FIRST_PLACE, { epoch: 2, sequence: 1 })).toEqual([]);
  });

  it("does not tell more than 256 events at a time", () => {
    const index = new LateIndex();
    index.note(stored({ epoch: 1, sequence: 5000 }, 1));
    for (let i = 1; i <= 300; i++) index.note(stored({ epoch: 1, sequence: i * 2 }, i + 1));
    expect(index.between("paris", FIRST_PLACE, { epoch: 1, sequence: 5000 })?.sequences).toHaveLength(256);
    expect(all(index, FIRST_PLACE, { epoch: 1, sequence: 5000 })).toHaveLength(300);
  });
});

describe("LateIndex.prune()", () => {
  it("forgets the events up to a position, and no others", () => {
    const index = new LateIndex();
    for (const [i, sequence] of [9, 5, 8, 6].entries()) index.note(stored({ epoch: 1, sequence }, i + 1));
    index.prune(2);
    expect(all(index, FIRST_PLACE, { epoch: 1, sequence: 9 })).toEqual(["1/6@4", "1/8@3"]);
    expect(index.size).toBe(2);
  });
});
