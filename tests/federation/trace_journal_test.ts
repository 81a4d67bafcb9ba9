import { describe, expect, it } from "bun:test";

import { TRACE_PREFIX, TraceJournal } from "../../federation/inspect/trace_journal.ts";
import type { StateChange } from "../../node/mod.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aGroup } from "./frame_support.ts";
import { aRun } from "./shipment_support.ts";

const alice = { origin: "alice", epoch: 5 };

function setUp() {
  const world = new FakeWorld();
  const documents = new Map<string, Uint8Array>();
  let saves = 0;
  const save = ({ key, value }: StateChange): void => {
    saves++;
    if (value === undefined) documents.delete(key);
    else documents.set(key, value);
  };
  const create = () => new TraceJournal({ world, wall: () => world.now() + 1_000_000, save });
  return { world, documents, create, journal: create(), saves: () => saves };
}

describe("TraceJournal", () => {
  it("finds where an event crossed the border, in the order of time", () => {
    const { journal, world } = setUp();
    journal.note("in", "bob", alice, [0, 3]);
    world.advance(1500);
    journal.note("out", "charlie", alice, [1, 2]);
    expect(journal.find("alice", 5, 2)).toEqual([
      { direction: "in", peer: "bob", at: 1_001_000 },
      { direction: "out", peer: "charlie", at: 1_002_500 },
    ]);
    expect(journal.find("alice", 5, 3)).toHaveLength(1);
  });

  it("takes no event for another", () => {
    const { journal } = setUp();
    journal.note("in", "bob", alice, [0, 3]);
    expect([journal.find("alice", 6, 2), journal.find("eve", 5, 2), journal.find("alice", 5, 4)]).toEqual([[], [], []]);
  });

  it("writes a line for all that crossed the same way within a second", () => {
    const { journal, world, documents } = setUp();
    for (let i = 0; i < 100; i++) {
      journal.note("in", "bob", alice, [i, i + 1]);
      world.advance(9);
    }
    journal.note("out", "bob", alice, [0, 1]);
    journal.flush();
    expect([...documents.values()].map((bytes) => JSON.parse(new TextDecoder().decode(bytes)).length)).toEqual([2]);
  });

  it("tells how often an event came, also within a span, up to a bound, and takes no other for repeated", () => {
    const { journal } = setUp();
    journal.note("in", "bob", alice, [0, 3]);
    journal.note("in", "bob", alice, [2, 5]);
    journal.note("out", "bob", alice, [0, 1]);
    journal.note("out", "bob", alice, [0, 1]);
    const times = (sequence: number) => journal.find("alice", 5, sequence).map(({ direction }) => direction);
    expect([times(1), times(2), times(3), times(5)]).toEqual([["in", "out"], ["in"], ["in", "in"], ["in"]]);
    for (let i = 0; i < 100; i++) journal.note("in", "bob", alice, [9, 10]);
    expect(times(10)).toHaveLength(16);
  });

  it("writes a span down when the next one begins", () => {
    const { journal, world, saves } = setUp();
    journal.note("in", "bob", alice, [0, 1]);
    world.advance(999);
    journal.note("in", "bob", alice, [1, 2]);
    expect(saves()).toBe(0);
    world.advance(1);
    journal.note("in", "bob", alice, [2, 3]);
    expect(saves()).toBe(1);
  });

  it("is read back after a restart, and goes on with new documents", () => {
    const { journal, documents, create, world } = setUp();
    journal.note("in", "bob", alice, [0, 3]);
    journal.flush();
    const again = create();
    for (const [key, bytes] of documents) again.load(key, bytes);
    expect(again.find("alice", 5, 3)).toEqual(journal.find("alice", 5, 3));
    world.advance(1000);
    again.note("in", "bob", alice, [3, 4]);
    again.flush();
    expect([...documents.keys()]).toEqual([`${TRACE_PREFIX}/000000000001`, `${TRACE_PREFIX}/000000000002`]);
  });

  it("writes nothing down when nothing crossed", () => {
    const { journal, saves } = setUp();
    journal.flush();
    expect(saves()).toBe(0);
  });

  it("forgets the oldest lines beyond 100,000, with their documents", () => {
    const { journal, world, documents } = setUp();
    for (let i = 0; i < 1001; i++) {
      for (let peer = 0; peer < 100; peer++) journal.note("in", `p${peer}`, alice, [i, i + 1]);
      world.advance(1000);
    }
    journal.flush();
    expect(documents.size).toBe(1000);
    expect([journal.find("alice", 5, 1).length, journal.find("alice", 5, 2).length]).toEqual([0, 100]);
  });
});

describe("TraceJournal.noteRun()", () => {
  it("notes consecutive numbers", () => {
    const { journal } = setUp();
    journal.noteRun("out", "bob", aRun({ firstSequence: 5, count: 3 }));
    const { epoch } = aRun();
    expect([4, 5, 7, 8].map((number) => journal.find("alice", epoch, number).length)).toEqual([0, 1, 1, 0]);
  });

  it("notes numbers of a list, and none between them", () => {
    const { journal } = setUp();
    journal.noteRun("out", "bob", aRun({ firstSequence: 5, sequences: [5, 6, 9], count: 3 }));
    const { epoch } = aRun();
    expect([5, 6, 7, 8, 9, 10].map((number) => journal.find("alice", epoch, number).length)).toEqual([
      1,
      1,
      0,
      0,
      1,
      0,
    ]);
  });
});

describe("TraceJournal.noteGroup()", () => {
  it("notes the events of a group", () => {
    const { journal } = setUp();
    const events = [3, 4, 8].map((sequence) => ({ sequence, ageMs: 0, record: new Uint8Array(0) }));
    const group = aGroup({ events });
    journal.noteGroup("in", "bob", group);
    expect([2, 3, 4, 5, 8].map((number) => journal.find("alice", group.epoch, number).length)).toEqual([0, 1, 1, 0, 1]);
  });
});
