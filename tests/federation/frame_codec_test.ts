import { describe, expect, it } from "bun:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";

import {
  CHAIN_START,
  chainEquals,
  chainFromHex,
  chainToHex,
  decodeFrame,
  type Frame,
  FRAME_LIMITS,
  FrameWriter,
  patchHeldMs,
} from "../../federation/link/codec/mod.ts";
import { aDestination, aFrame, aGroup, anyFrame, aRecord, writeFrame } from "./frame_support.ts";

function decoded(bytes: Uint8Array): Frame {
  const result = decodeFrame(bytes);
  if ("problem" in result) throw new Error(`${result.problem}: ${result.detail}`);
  return result.frame;
}

function problem(bytes: Uint8Array, limits = FRAME_LIMITS): string | undefined {
  const result = decodeFrame(bytes, limits);
  return "problem" in result ? result.problem : undefined;
}

/** With the checksums that the bytes as they are now need: what only a peer that lies would send. */
function resealed(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const recordsAt = Math.min(bytes.length, view.getUint16(20, true) + view.getUint32(48, true));
  view.setUint32(16, crc32(bytes.subarray(recordsAt)), true);
  view.setUint32(12, crc32(bytes.subarray(16, recordsAt)), true);
  return bytes;
}

function inserted(bytes: Uint8Array, at: number, more: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]);
}

function changed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  return resealed(copy);
}

describe("FrameWriter, decodeFrame()", () => {
  it("give back every frame as it was", () => {
    fc.assert(fc.property(anyFrame, (frame) => {
      expect(decoded(writeFrame(frame).bytes)).toEqual(frame);
    }));
  });

  it("agree about the chain, and on nothing but the frame", () => {
    fc.assert(fc.property(anyFrame, (frame) => {
      const written = writeFrame(frame);
      expect(decodeFrame(written.bytes)).toMatchObject({ chain: written.chain });
      expect(writeFrame(frame, new FrameWriter())).toEqual(written);
    }));
  });

  it("read a frame wherever it lies in a buffer", () => {
    const { bytes } = writeFrame(aFrame());
    const within = new Uint8Array(bytes.length + 9);
    within.set(bytes, 5);
    expect(decoded(within.subarray(5, 5 + bytes.length))).toEqual(aFrame());
  });

  it("spend nothing on consecutive sequences, equal ages and equal lengths", () => {
    const events = Array.from({ length: 512 }, (_, i) => ({ sequence: i + 1, ageMs: 3, record: aRecord(1) }));
    const one = writeFrame(aFrame({ groups: [aGroup({ events: events.slice(0, 2) })] })).bytes.length;
    const all = writeFrame(aFrame({ groups: [aGroup({ events })] })).bytes.length;
    expect(all - one).toBeLessThanOrEqual(510 * aRecord(1).length + 1);
  });

  it("give views of the bytes as records, not copies", () => {
    const { bytes } = writeFrame(aFrame());
    expect(decoded(bytes).groups[0].events[0].record.buffer).toBe(bytes.buffer);
  });
});

describe("FrameWriter", () => {
  it("copies records that lie in one buffer, whichever of them and in whatever order", () => {
    const buffer = new Uint8Array(10 * 40);
    const lying = Array.from({ length: 10 }, (_, i) => {
      const at = buffer.subarray(i * 40, (i + 1) * 40);
      at.set(aRecord(i).subarray(0, 40));
      return at;
    });
    fc.assert(fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 20 }), (chosen) => {
      const writer = new FrameWriter();
      writer.begin({ linkEpoch: 1, sequence: 1, lane: "normal", previousChain: CHAIN_START });
      writer.beginGroup(aGroup());
      for (const [i, index] of chosen.entries()) writer.addEvent(1000 + i, 0, lying[index]);
      const { bytes } = writer.finish();
      const records = bytes.subarray(bytes.length - chosen.length * 40);
      expect([...records]).toEqual(chosen.flatMap((index) => [...lying[index]]));
    }));
  });

  it("tells how many events and bytes the frame has so far", () => {
    const writer = new FrameWriter();
    writer.begin(aFrame());
    writer.beginGroup(aGroup());
    writer.addEvent(1, 0, aRecord(1));
    writer.endGroup();
    expect(writer.events).toBe(1);
    expect(writer.length).toBe(writer.finish().bytes.length);
  });

  it("leaves no trace of a group without events", () => {
    const writer = new FrameWriter();
    writer.begin(aFrame());
    writer.beginGroup(aGroup({ origin: "charlie" }));
    writer.endGroup();
    writer.beginGroup(aGroup());
    writer.addEvent(1, 0, aRecord(1));
    expect(writer.finish()).toEqual(writeFrame(aFrame()));
  });

  it("forgets what was begun and not finished", () => {
    const writer = new FrameWriter();
    writer.begin(aFrame());
    writer.beginGroup(aGroup({ origin: "charlie" }));
    writer.addEvent(1, 0, aRecord(1));
    expect(writeFrame(aFrame(), writer)).toEqual(writeFrame(aFrame()));
  });

  it("refuses sequences that do not ascend, ages that are none, and a previous event that is not before", () => {
    const writer = new FrameWriter();
    writer.begin(aFrame());
    writer.beginGroup(aGroup({ destinations: [aDestination({ previous: 5 })] }));
    writer.addEvent(5, 0, aRecord(1));
    expect(() => writer.addEvent(5, 0, aRecord(1))).toThrow("Cannot add event 5");
    expect(() => writer.addEvent(6, -1, aRecord(1))).toThrow("its age -1");
    expect(() => writer.endGroup()).toThrow('Cannot address event 5 to "bob"');
  });
});

describe("patchHeldMs()", () => {
  it("changes what the receiver reads, in place, and neither chain nor checksums", () => {
    const { bytes, chain } = writeFrame(aFrame());
    patchHeldMs(bytes, 1234.9);
    expect(decodeFrame(bytes)).toEqual({ frame: aFrame({ heldMs: 1234 }), chain });
    patchHeldMs(bytes, 2 ** 40);
    expect(decoded(bytes).heldMs).toBe(2 ** 32 - 1);
  });
});

describe("decodeFrame()", () => {
  const { bytes } = writeFrame(aFrame());

  it("finds every single flipped bit", () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(problem(damaged)).toBeDefined();
    }
  });

  it("finds every truncation", () => {
    for (let length = 0; length < bytes.length; length++) expect(problem(bytes.subarray(0, length))).toBeDefined();
  });

  it("tells another version from damage", () => {
    expect(problem(changed(bytes, (view) => view.setUint8(3, 2)))).toBe("VERSION");
    expect(problem(Uint8Array.of(0x57, 0x46, 0x52, 2))).toBe("VERSION");
    expect(problem(Uint8Array.of(0x57, 0x46, 0x52, 1))).toBe("NOT_A_FRAME");
    expect(problem(new TextEncoder().encode('{"hello":1}'))).toBe("NOT_A_FRAME");
  });

  it("skips what a later minor version adds to head, group and end", () => {
    const indexAt = bytes.length - aRecord().length - new DataView(bytes.buffer).getUint32(52, true);
    const lengths = [
      ["fixed", changed(inserted(bytes, 68, [9, 9, 9]), (view) => view.setUint16(20, 71, true))],
      [
        "tables",
        changed(inserted(bytes, indexAt, [9]), (view) => view.setUint32(48, view.getUint32(48, true) + 1, true)),
      ],
      [
        "group",
        changed(inserted(bytes, bytes.length - aRecord().length, [9]), (view) => {
          view.setUint8(indexAt, view.getUint8(indexAt) + 1);
          view.setUint32(48, view.getUint32(48, true) + 1, true);
          view.setUint32(52, view.getUint32(52, true) + 1, true);
        }),
      ],
      ["end", resealed(inserted(bytes, bytes.length, [1, 2, 3]))],
    ] as const;
    for (const [where, later] of lengths) expect([where, decoded(later)]).toEqual([where, aFrame()]);
  });

  it("lets in no more events, bytes and names than its limits say", () => {
    const record = aRecord();
    const events = [1, 2, 3].map((sequence) => ({ sequence, ageMs: 0, record }));
    const three = writeFrame(aFrame({ groups: [aGroup({ events })] })).bytes;
    expect(problem(three, { ...FRAME_LIMITS, events: 3 })).toBeUndefined();
    expect(problem(three, { ...FRAME_LIMITS, events: 2 })).toBe("LIMIT");
    expect(problem(three, { ...FRAME_LIMITS, bytes: 2 * record.length })).toBeUndefined();
    expect(problem(three, { ...FRAME_LIMITS, bytes: 2 * record.length - 1 })).toBe("LIMIT");
    expect(problem(three, { ...FRAME_LIMITS, eventBytes: record.length - 1 })).toBe("LIMIT");
    expect(problem(three, { ...FRAME_LIMITS, headBytes: 20 })).toBe("LIMIT");
  });

  it("refuses a tombstone group that claims more events than the limits allow, whatever its few bytes say", () => {
    const events = Array.from({ length: 600 }, (_, i) => ({ sequence: i + 1, ageMs: 0, record: new Uint8Array(0) }));
    const frame = writeFrame(aFrame({ groups: [aGroup({ ended: "expired", events })] })).bytes;
    expect(frame.length).toBeLessThan(200);
    expect(problem(frame)).toBe("LIMIT");
    expect(problem(changed(frame, (view) => view.setUint16(66, 512, true)))).toBe("MALFORMED");
  });

  const lies: readonly (readonly [what: string, frame: Frame])[] = [
    ["a frame without groups", aFrame({ groups: [] })],
    ["sequence 0", aFrame({ sequence: 0 })],
    ["a link epoch that is no whole number", aFrame({ linkEpoch: 1.5 })],
    ["a name with a dot", aFrame({ groups: [aGroup({ origin: "a.b" })] })],
    ["a name too long", aFrame({ groups: [aGroup({ hops: ["a".repeat(64)] })] })],
    ["no hops", aFrame({ groups: [aGroup({ hops: [] })] })],
    ["33 hops", aFrame({ groups: [aGroup({ hops: Array.from({ length: 33 }, (_, i) => `c${i}`) })] })],
    ["no destinations", aFrame({ groups: [aGroup({ destinations: [] })] })],
    ["a destination twice", aFrame({ groups: [aGroup({ destinations: [aDestination(), aDestination()] })] })],
    [
      "a tombstone with a record",
      aFrame({ groups: [aGroup({ ended: "expired" })] }),
    ],
    [
      "an event without a record",
      aFrame({ groups: [aGroup({ events: [{ sequence: 1, ageMs: 0, record: new Uint8Array(0) }] })] }),
    ],
    [
      "a record whose text is longer than it",
      aFrame({
        groups: [aGroup({ events: [{ sequence: 1, ageMs: 0, record: Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0) }] })],
      }),
    ],
    [
      "a record with marks that only a store sets",
      aFrame({
        groups: [aGroup({ events: [{ sequence: 1, ageMs: 0, record: Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0) }] })],
      }),
    ],
  ];
  for (const [what, frame] of lies) {
    it(`refuses ${what}`, () => expect(problem(writeFrame(frame).bytes)).toBe("MALFORMED"));
  }

  it("refuses records that belong to no event, and a lane that it does not know", () => {
    const more = changed(
      inserted(bytes, bytes.length, [1]),
      (view) => view.setUint32(56, view.getUint32(56, true) + 1, true),
    );
    expect(problem(more)).toBe("MALFORMED");
    expect(problem(changed(bytes, (view) => view.setUint8(22, 4)))).toBe("MALFORMED");
  });

  it("never throws, and believes only what holds together, whatever a lying peer sends", () => {
    const frames = fc.sample(anyFrame, { numRuns: 40, seed: 7 }).map((frame) => writeFrame(frame).bytes);
    const mutation = fc.record({ at: fc.nat(), byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)) });
    let believed = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...frames),
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(), { freq: 4 }),
        (frame, mutations, cut) => {
          const lie = frame.slice(0, cut === null ? frame.length : 68 + cut % frame.length);
          for (const { at, byte } of mutations) {
            const place = 12 + at % (lie.length - 12);
            lie[place] = byte;
          }
          const result = decodeFrame(resealed(lie));
          if ("problem" in result) return;
          believed++;
          for (const group of result.frame.groups) expectSound(group);
        },
      ),
      { numRuns: 60_000 },
    );
    expect(believed).toBeGreaterThan(0);
  }, 60_000);

  it("never takes random bytes for a frame", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(problem(noise)).toBeDefined();
        const headed = Uint8Array.from([...bytes.subarray(0, 4), ...noise]);
        expect(problem(headed)).toBeDefined();
      }),
      { numRuns: 30_000 },
    );
  }, 60_000);
});

function expectSound({ origin, epoch, hops, destinations, events, ended }: Frame["groups"][number]): void {
  const names = [origin, ...hops, ...destinations.map(({ cluster }) => cluster)];
  const sound = names.every((name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) && Number.isSafeInteger(epoch) &&
    events.length > 0 &&
    events.every(({ sequence, ageMs, record }, i) =>
      Number.isSafeInteger(sequence) && Number.isSafeInteger(ageMs) && sequence > (events[i - 1]?.sequence ?? 0) &&
      (ended === undefined) === (record.length > 0)
    ) &&
    destinations.every(({ previous }) => previous >= 0 && previous < events[0].sequence);
  if (!sound) throw new Error(`believed ${JSON.stringify({ names, epoch, events, ended, destinations })}`);
}

describe("chain", () => {
  const first = writeFrame(aFrame());

  it("differs when any frame before differs", () => {
    const second = (chain: typeof first.chain) => writeFrame(aFrame({ sequence: 2, previousChain: chain })).chain;
    const other = writeFrame(aFrame({ groups: [aGroup({ detours: 1 })] }));
    expect(chainEquals(second(first.chain), second(first.chain))).toBe(true);
    expect(chainEquals(second(first.chain), second(other.chain))).toBe(false);
    expect(chainEquals(first.chain, CHAIN_START)).toBe(false);
  });

  it("is 16 hexadecimal digits for people and documents, and comes back from them", () => {
    fc.assert(fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (hi, lo) => {
      expect(chainToHex({ hi, lo })).toMatch(/^[0-9a-f]{16}$/);
      expect(chainFromHex(chainToHex({ hi, lo }))).toEqual({ hi, lo });
    }));
    expect(chainFromHex("nonsense")).toEqual(CHAIN_START);
  });

  it("spreads: no two of 20,000 frames that differ in a number share one", () => {
    const seen = new Set<string>();
    for (let sequence = 1; sequence <= 20_000; sequence++) {
      seen.add(chainToHex(writeFrame(aFrame({ sequence })).chain));
    }
    expect(seen.size).toBe(20_000);
  });
});
