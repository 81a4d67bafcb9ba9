import { describe, expect, it } from "bun:test";

import { Arrivals } from "../../federation/custody/arrivals.ts";
import { Coverages } from "../../federation/custody/coverage.ts";
import { sequenceAt } from "../../federation/custody/shipment.ts";
import type { FrameGroup } from "../../federation/link/codec/mod.ts";
import type { Verdict } from "../../federation/local_cluster.ts";
import { aDestination, aFrame, aGroup, aRecord } from "./frame_support.ts";

const EPOCH = aGroup().epoch;

/** Events of alice with these numbers. */
function events(...sequences: number[]): FrameGroup["events"] {
  return sequences.map((sequence) => ({ sequence, ageMs: 0, record: aRecord(sequence) }));
}

/** A group of alice's events, for bob alone unless it says otherwise. */
function group(sequences: readonly number[], overrides: Partial<FrameGroup> = {}): FrameGroup {
  return aGroup({ events: events(...sequences), ...overrides });
}

/** What frames with these groups, one each, mean at bob. */
function arrive(
  groups: readonly FrameGroup[],
  { coverages = new Coverages(), verdicts, heldMs = 0 }: {
    coverages?: Coverages;
    verdicts?: readonly Verdict[];
    heldMs?: number;
  } = {},
) {
  const arrivals = new Arrivals("bob", coverages);
  for (const each of groups) arrivals.add(aFrame({ groups: [each], heldMs }));
  arrivals.judged(verdicts ?? arrivals.candidates.map(() => "new"));
  const settled = arrivals.settle();
  arrivals.apply();
  return { ...settled, arrivals, coverages };
}

const onward = [aDestination({ cluster: "charlie", previous: 0 })];
const both = [aDestination(), ...onward];

describe("Arrivals.settle()", () => {
  it("gives the store the hash that the judge noted, to each event its own", () => {
    const arrivals = new Arrivals("bob", new Coverages());
    const transit = group([3], { destinations: onward });
    for (const each of [group([1, 2]), transit, group([4])]) arrivals.add(aFrame({ groups: [each] }));
    for (const candidate of arrivals.candidates) candidate.idHash = { hi: 7, lo: candidate.sequence };
    arrivals.judged(arrivals.candidates.map(() => "new"));
    expect(arrivals.settle().entries.map(({ idHash }) => idHash?.lo)).toEqual([1, 2, undefined, 4]);
  });
});

describe("Arrivals.candidates", () => {
  it("asks of each event that is for this cluster and new", () => {
    const { arrivals } = arrive([group([1, 2])]);
    expect(arrivals.candidates.map(({ origin, sequence }) => `${origin} ${sequence}`)).toEqual(["alice 1", "alice 2"]);
  });

  it("gives the event of the record", () => {
    const { arrivals } = arrive([group([7])]);
    expect(arrivals.candidates[0].event.attributes.id).toBe("event-7");
  });

  it("does not ask of events in transit", () => {
    expect(arrive([group([1], { destinations: onward })]).arrivals.candidates).toEqual([]);
  });

  it("does not ask of what is covered", () => {
    const coverages = new Coverages();
    coverages.of("alice", EPOCH).cover(0, 1);
    expect(arrive([group([1, 2])], { coverages }).arrivals.candidates.map(({ sequence }) => sequence)).toEqual([2]);
  });

  it("asks once of an event that comes twice in one commit", () => {
    expect(arrive([group([1]), group([1])]).arrivals.candidates).toHaveLength(1);
  });

  it("does not ask of what ends here anyway, so that nothing else counts as its repeat", () => {
    const mortal = { events: [{ sequence: 1, ageMs: 0, record: aRecord(1, { ttlMs: 1000 }) }] };
    expect(arrive([group([1], mortal)], { heldMs: 1000 }).arrivals.candidates).toEqual([]);
    expect(arrive([group([1], { ended: "evicted" }), group([1])]).arrivals.candidates).toEqual([]);
    const unheard = new Arrivals("bob", new Coverages(), { hasMember: () => false });
    const forGroup = [aDestination({ ungrouped: false, groups: ["billing"] })];
    unheard.add(aFrame({ groups: [group([1], { destinations: forGroup })] }));
    expect(unheard.candidates).toEqual([]);
  });

  it("tells epochs of one number apart", () => {
    expect(arrive([group([1]), group([1], { epoch: EPOCH + 1 })]).arrivals.candidates).toHaveLength(2);
  });

  it("does not ask of tombstones", () => {
    expect(arrive([group([1], { ended: "expired" })]).arrivals.candidates).toEqual([]);
  });
});

describe("Arrivals.settle() at a destination", () => {
  it("stores an event with its origin, for the readers that it is for", () => {
    const { entries } = arrive([
      group([4], { destinations: [aDestination({ ungrouped: false, groups: ["billing"] })] }),
    ]);
    expect(entries).toMatchObject([
      { origin: { cluster: "alice", epoch: EPOCH, sequence: 4 }, audience: { ungrouped: false, groups: ["billing"] } },
    ]);
    expect(entries[0].record).toEqual(aRecord(4));
    expect([entries[0].topic, entries[0].event.attributes.id]).toEqual(["order.placed", "event-4"]);
  });

  it("takes whatever comes of an epoch that its origin has closed for a repeat", () => {
    const coverages = new Coverages();
    coverages.of("alice", EPOCH).cover(0, 7);
    coverages.close("alice", EPOCH);
    const { entries, counts, arrivals } = arrive([group([7])], { coverages });
    expect([entries.length, counts.repeats, coverages.find("alice", EPOCH)]).toEqual([0, 1, undefined]);
    expect([...arrivals.closed.values()]).toMatchObject([{ origin: "alice", epoch: EPOCH }]);
  });

  it("takes what comes of it beyond its last number: then a copy of the origin has closed it", () => {
    const before = new Coverages();
    before.of("alice", EPOCH).cover(0, 7);
    const coverages = new Coverages();
    // As after a restart.
    for (const { key, value } of before.close("alice", EPOCH)) value && coverages.loadClosed(key, value);
    const { entries, counts } = arrive([group([6, 7, 8, 9])], { coverages });
    expect([entries.length, counts.repeats]).toEqual([2, 2]);
    expect([...coverages.find("alice", EPOCH)!.intervals]).toEqual([[7, 9]]);
    coverages.close("alice", EPOCH);
    expect(coverages.closedUpTo("alice", EPOCH)).toBe(9);
  });

  it("covers the chain, not only the event", () => {
    const { coverages } = arrive([group([5, 9], { destinations: [aDestination({ previous: 2 })] })]);
    expect([...coverages.find("alice", EPOCH)!.intervals]).toEqual([[2, 9]]);
  });

  it("delivers an event once", () => {
    const coverages = new Coverages();
    arrive([group([1])], { coverages });
    const { entries, counts } = arrive([group([1])], { coverages });
    expect([entries, counts.repeats, counts.delivered]).toEqual([[], 1, 0]);
  });

  it("delivers an event once that comes twice in one commit", () => {
    const { entries, counts } = arrive([group([1]), group([1])]);
    expect([entries.length, counts]).toEqual([1, { delivered: 1, repeats: 1, rejected: 0, expired: 0 }]);
  });

  it("delivers a late event whose successors were there before", () => {
    const coverages = new Coverages();
    arrive([group([9], { destinations: [aDestination({ previous: 4 })] })], { coverages });
    const { counts } = arrive([group([4])], { coverages });
    expect([counts.delivered, [...coverages.find("alice", EPOCH)!.intervals]]).toEqual([1, [[0, 9]]]);
  });

  it("rejects an event whose source and id came before, and says so", () => {
    const { entries, counts, coverages } = arrive([group([1])], { verdicts: ["repeat"] });
    expect([entries, counts.rejected]).toEqual([[], 1]);
    expect([...coverages.find("alice", EPOCH)!.exceptions.values()]).toEqual([
      { sequence: 1, state: "rejected", reason: "DUPLICATE_ID" },
    ]);
  });

  it("keeps verdicts with their events when others in between are not judged", () => {
    const coverages = new Coverages();
    coverages.of("alice", EPOCH).cover(0, 1);
    const { entries } = arrive([group([1, 2, 3])], { coverages, verdicts: ["repeat", "new"] });
    expect(entries.map(({ origin }) => origin!.sequence)).toEqual([3]);
  });

  it("lets no other cluster speak as the node itself", () => {
    const record = aRecord(1, { topic: "weft-system.link.down" });
    const { entries, coverages } = arrive([aGroup({ events: [{ sequence: 1, ageMs: 0, record }] })]);
    expect(entries).toEqual([]);
    expect([...coverages.find("alice", EPOCH)!.exceptions.values()]).toMatchObject([{ reason: "TOPIC_RESERVED" }]);
  });

  it("ends an event whose time was over in the frame, and says so", () => {
    const record = aRecord(1, { ttlMs: 500 });
    const { entries, counts, coverages } = arrive([aGroup({ events: [{ sequence: 1, ageMs: 0, record }] })], {
      heldMs: 500,
    });
    expect([entries, counts.expired]).toEqual([[], 1]);
    expect(coverages.find("alice", EPOCH)!.exceptions.get(1)).toMatchObject({ state: "expired", reason: "EXPIRED" });
  });

  it("takes the time in the frame off what an event has left", () => {
    const record = aRecord(1, { ttlMs: 500 });
    const { entries } = arrive([aGroup({ events: [{ sequence: 1, ageMs: 0, record }] })], { heldMs: 200 });
    expect(entries.map(({ ttlMs }) => ttlMs)).toEqual([300]);
  });

  it("leaves an event without a time to live as it is, however long the frame was held", () => {
    const { entries } = arrive([group([1])], { heldMs: 100_000 });
    expect([entries[0].ttlMs, entries[0].record]).toEqual([0, aRecord(1)]);
  });

  it("covers what ended on the way, and stores nothing", () => {
    const { entries, counts, coverages } = arrive([group([3], { ended: "evicted", destinations: [aDestination()] })]);
    expect([entries, counts.expired, counts.delivered]).toEqual([[], 1, 0]);
    expect([...coverages.find("alice", EPOCH)!.intervals]).toEqual([[0, 3]]);
    expect(coverages.find("alice", EPOCH)!.exceptions.get(3)).toMatchObject({ state: "evicted", reason: "EVICTED" });
  });

  it("believes no tombstone of what it has", () => {
    const coverages = new Coverages();
    arrive([group([3])], { coverages });
    const { counts } = arrive([group([3], { ended: "expired" })], { coverages });
    expect([counts.expired, coverages.find("alice", EPOCH)!.exceptions.size]).toEqual([0, 0]);
  });

  it("names the coverages that it changed, each once", () => {
    const { coverages, arrivals } = arrive([group([1, 2]), group([1], { origin: "dora" })]);
    expect(arrivals.settle().coverages).toEqual([coverages.find("alice", EPOCH)!, coverages.find("dora", EPOCH)!]);
  });

  it("answers the same when asked again", () => {
    const { arrivals, coverages } = arrive([group([1])]);
    expect(arrivals.settle().counts.delivered).toBe(1);
    expect(coverages.find("alice", EPOCH)!.version).toBe(1);
  });
});

describe("Arrivals.settle() in transit", () => {
  it("stores what goes on for nobody here", () => {
    const { entries } = arrive([group([1], { destinations: onward })]);
    expect(entries.map(({ audience }) => audience)).toEqual([{ ungrouped: false, groups: [] }]);
  });

  it("makes one run of a group, with the numbers, hops and detours that it had", () => {
    const { runs } = arrive([
      group([3, 8], { destinations: onward, hops: ["alice", "dora"], detours: 2 }),
    ]);
    expect(runs).toMatchObject([{
      position: 0,
      count: 2,
      origin: "alice",
      epoch: EPOCH,
      firstSequence: 3,
      sequences: [3, 8],
      lane: "normal",
      hops: ["alice", "dora"],
      detours: 2,
      destinations: onward,
      bytes: aRecord(3).length + aRecord(8).length,
    }]);
  });

  it("takes this cluster out of the destinations that go on", () => {
    expect(arrive([group([1], { destinations: both })]).runs[0].destinations).toEqual(onward);
  });

  it("never drops other destinations of an event that this cluster has already", () => {
    const coverages = new Coverages();
    arrive([group([1])], { coverages });
    const { entries, runs } = arrive([group([1], { destinations: both })], { coverages });
    expect(entries.map(({ audience }) => audience)).toEqual([{ ungrouped: false, groups: [] }]);
    expect(runs).toMatchObject([{ position: 0, count: 1, destinations: onward }]);
  });

  it("sends on an event that is rejected here", () => {
    const { runs } = arrive([group([1], { destinations: both })], { verdicts: ["repeat"] });
    expect(runs).toHaveLength(1);
  });

  it("takes custody again of what it has sent on before", () => {
    const coverages = new Coverages();
    arrive([group([1], { destinations: onward })], { coverages });
    expect(arrive([group([1], { destinations: onward })], { coverages }).runs).toHaveLength(1);
  });

  it("counts positions over events that are stored here as well", () => {
    const { entries, runs } = arrive([group([1, 2]), group([3, 4], { destinations: onward })]);
    expect([entries.length, runs.map(({ position, count }) => [position, count])]).toEqual([4, [[2, 2]]]);
  });

  it("keeps groups apart whose destinations differ", () => {
    const { runs } = arrive([
      group([1], { destinations: onward }),
      group([2], { destinations: [aDestination({ cluster: "dora", previous: 0 })] }),
    ]);
    expect(runs.map((run) => [run.position, run.count, run.destinations[0].cluster])).toEqual([
      [0, 1, "charlie"],
      [1, 1, "dora"],
    ]);
  });

  it("sends tombstones on, which have no place in the log", () => {
    const { entries, runs } = arrive([group([5], { ended: "expired", destinations: both })]);
    expect(entries).toEqual([]);
    expect(runs).toMatchObject([{ ended: "expired", destinations: onward, firstSequence: 5 }]);
  });

  it("continues the chain of each tombstone", () => {
    const { runs } = arrive([group([5, 7], { ended: "expired", destinations: onward })]);
    expect(runs.map((run) => [sequenceAt(run, 0), run.destinations[0].previous])).toEqual([[5, 0], [7, 5]]);
  });
});

describe("Arrivals.apply()", () => {
  it("leaves coverage as it is until what covers it is durable", () => {
    const coverages = new Coverages();
    const arrivals = new Arrivals("bob", coverages);
    arrivals.add(aFrame({ groups: [group([1, 2])] }));
    arrivals.judged(["new", "new"]);
    const { coverages: staged } = arrivals.settle();
    expect([coverages.of("alice", EPOCH).has(1), staged[0].has(1)]).toEqual([false, true]);
    arrivals.apply();
    expect(coverages.of("alice", EPOCH).has(1)).toBe(true);
  });
});
