import { describe, expect, it } from "bun:test";

import { EventReader, type Looked } from "../../federation/custody/event_reader.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";

/** A reader of a log that had `older` events before, of which it gets to hear none. */
function setUp(older = 0) {
  const before = new FakeLog();
  for (let i = 1; i <= older; i++) before.append({ id: `event-${i}` });
  const log = new FakeLog({ content: before.content });
  const world = new FakeWorld();
  const errors: unknown[] = [];
  const reader = new EventReader(log, world, (error) => errors.push(error));
  return { log, world, errors, reader };
}

const idOf = (looked: Looked): unknown => typeof looked === "string" ? looked : looked.event.attributes.id;

describe("EventReader.at()", () => {
  it("has what has just come at hand", () => {
    const { log, reader } = setUp();
    log.append({ id: "x" });
    expect([idOf(reader.at(1)), log.reads]).toEqual(["x", []]);
  });

  it("does not take one event for another 2048 positions away", () => {
    const { log, reader } = setUp();
    for (let i = 1; i <= 2049; i++) log.append({ id: `event-${i}` });
    expect([reader.at(1), idOf(reader.at(2)), idOf(reader.at(2049))]).toEqual(["unread", "event-2", "event-2049"]);
  });

  it("has to read what came earlier", () => {
    expect(setUp(3).reader.at(2)).toBe("unread");
  });

  it("knows what the log has dropped", () => {
    const { log, reader } = setUp(3);
    log.content.thin(({ position }) => position >= 3);
    expect([reader.at(2), reader.at(3)]).toEqual(["gone", "unread"]);
  });
});

describe("EventReader.load()", () => {
  it("reads a page from a position on", () => {
    const { log, reader } = setUp(600);
    let done = false;
    reader.load(5, () => done = true);
    expect([done, log.reads]).toEqual([true, [4]]);
    expect([idOf(reader.at(5)), idOf(reader.at(516)), reader.at(4), reader.at(517)]).toEqual([
      "event-5",
      "event-516",
      "unread",
      "unread",
    ]);
  });

  it("knows that an event within a page is gone", () => {
    const { log, reader } = setUp(10);
    log.content.thin(({ position }) => position >= 6);
    reader.load(3, () => {});
    expect([reader.at(5), idOf(reader.at(6))]).toEqual(["gone", "event-6"]);
  });

  it("finds what is left of a page of which retention took some out", () => {
    const { log, reader } = setUp(30);
    const read = log.read.bind(log);
    const isLeft = (position: number) => position % 3 === 0 || position === 29;
    log.read = (options, done) =>
      read(options, (error, events) => done(error, events.filter(({ position }) => isLeft(position))));
    reader.load(1, () => {});
    for (let position = 1; position <= 29; position++) {
      expect(idOf(reader.at(position))).toBe(isLeft(position) ? `event-${position}` : "gone");
    }
  });

  it("knows that everything is gone when nothing is left", () => {
    const { log, reader } = setUp(3);
    log.content.thin(({ position }) => position >= 4);
    reader.load(2, () => {});
    expect(reader.at(3)).toBe("gone");
  });

  it("serves those who wait one after the other, each with its page", () => {
    const { log, reader } = setUp(2000);
    log.held = true;
    const seen: unknown[] = [];
    reader.load(1, () => seen.push(idOf(reader.at(1))));
    reader.load(1500, () => seen.push(idOf(reader.at(1500))));
    expect(log.reads).toEqual([0]);
    log.flush();
    log.flush();
    expect(seen).toEqual(["event-1", "event-1500"]);
  });

  it("lets someone ask again when done", () => {
    const { log, reader } = setUp(2000);
    const seen: unknown[] = [];
    reader.load(1, () => reader.load(1000, () => seen.push(idOf(reader.at(1000)))));
    expect([seen, log.reads]).toEqual([["event-1000"], [0, 999]]);
  });

  it("tries again while the store cannot be read", () => {
    const { log, world, errors, reader } = setUp(3);
    log.readFailure = new Error("no disk");
    let done = 0;
    reader.load(1, () => done++);
    world.advance(500);
    expect([done, errors.length]).toEqual([0, 2]);
    log.readFailure = undefined;
    world.advance(500);
    expect([done, idOf(reader.at(1))]).toEqual([1, "event-1"]);
  });
});
