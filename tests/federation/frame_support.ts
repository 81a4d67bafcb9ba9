/** Frames for tests: builders, and what is random about them. */

import fc from "fast-check";

import {
  type Chain,
  CHAIN_START,
  type Frame,
  type FrameDestination,
  type FrameGroup,
  FrameWriter,
  LANES,
  type WrittenFrame,
} from "../../federation/link/codec/mod.ts";
import { encodeRecord } from "../../node/event_record.ts";
import { anEvent } from "../support/events.ts";

/** A record of its own for each number, the same at each call. */
export function aRecord(number = 1, options: { data?: string; ttlMs?: number; topic?: string } = {}): Uint8Array {
  const { data = `{"number":${number}}`, ttlMs = 0, topic = "order.placed" } = options;
  return encodeRecord({ event: anEvent({ id: `event-${number}`, data }), topic, ttlMs });
}

export function aDestination(overrides: Partial<FrameDestination> = {}): FrameDestination {
  return { cluster: "bob", previous: 0, ungrouped: true, groups: [], ...overrides };
}

export function aGroup(overrides: Partial<FrameGroup> = {}): FrameGroup {
  return {
    origin: "alice",
    epoch: 3 * 2 ** 32 + 77,
    hops: ["alice"],
    detours: 0,
    destinations: [aDestination()],
    events: [{ sequence: 1, ageMs: 0, record: aRecord() }],
    ...overrides,
  };
}

export function aFrame(overrides: Partial<Frame> = {}): Frame {
  return {
    linkEpoch: 5,
    sequence: 1,
    lane: "normal",
    heldMs: 0,
    previousChain: CHAIN_START,
    groups: [aGroup()],
    ...overrides,
  };
}

const shared = new FrameWriter();

export function writeFrame(frame: Frame, writer = shared): WrittenFrame {
  writer.begin(frame);
  for (const group of frame.groups) {
    writer.beginGroup(group);
    for (const { sequence, ageMs, record } of group.events) writer.addEvent(sequence, ageMs, record);
    writer.endGroup();
  }
  return writer.finish();
}

const EVENTS_MAX = 9;
const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/);
const place = fc.maxSafeNat();
const age = fc.oneof(fc.nat(300), fc.constant(7), fc.maxSafeNat());
const chain: fc.Arbitrary<Chain> = fc.record({ hi: fc.nat(0xffffffff), lo: fc.nat(0xffffffff) });

const sequences = fc.tuple(
  fc.integer({ min: 1, max: 2 ** 52 }),
  fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: EVENTS_MAX - 1 }),
)
  .map(([first, steps]) => steps.reduce((all, step) => [...all, all.at(-1)! + step], [first]));

const group: fc.Arbitrary<FrameGroup> = fc.record({
  origin: name,
  epoch: place,
  hops: fc.array(name, { minLength: 1, maxLength: 32 }),
  detours: fc.nat(10),
  sequences,
  ended: fc.constantFrom(undefined, undefined, "expired" as const, "evicted" as const, "rejected" as const),
  destinations: fc.uniqueArray(
    fc.record({
      cluster: name,
      previous: place,
      ungrouped: fc.boolean(),
      groups: fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 5, selector: ({ cluster }) => cluster },
  ),
  events: fc.array(fc.tuple(age, fc.string({ maxLength: 40 }), fc.constantFrom(0, 0, -1, 5000)), {
    minLength: EVENTS_MAX,
    maxLength: EVENTS_MAX,
  }),
}).map(({ sequences, events, destinations, ended, ...head }) => ({
  ...head,
  ...ended === undefined ? {} : { ended },
  destinations: destinations.map((destination) => ({ ...destination, previous: destination.previous % sequences[0] })),
  events: sequences.map((sequence, i) => {
    const [ageMs, data, ttlMs] = events[i];
    return { sequence, ageMs, record: ended === undefined ? aRecord(sequence, { data, ttlMs }) : new Uint8Array(0) };
  }),
}));

/** Any frame that can be written. */
export const anyFrame: fc.Arbitrary<Frame> = fc.record({
  linkEpoch: place,
  sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  lane: fc.constantFrom(...LANES),
  heldMs: fc.constant(0),
  previousChain: chain,
  groups: fc.array(group, { minLength: 1, maxLength: 6 }),
});
