import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import {
  CodecError,
  decodeBatch,
  decodeBinary,
  decodeStructured,
  detectMode,
  encodeBatch,
  encodeStructured,
  httpBinding,
  natsBinding,
} from "../../../node/codec/mod.ts";
import { bytesOf, events } from "./codec_support.ts";

/** Runs `act`; passes on whatever it throws that is no `CodecError` with an explanation. */
function throwsOnlyCodecErrors(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    expect(error.detail).toMatch(/^Cannot /);
  }
}

const mutated = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })).map(([from, edits]) => {
    const bytes = bytesOf(from);
    for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
    return bytes;
  });

describe("decoders, given anything,", () => {
  it("decodeStructured() throws nothing but CodecError", () => {
    const inputs = fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }), mutated(events.map(encodeStructured)));
    fc.assert(fc.property(inputs, (input) => throwsOnlyCodecErrors(() => decodeStructured(input))), { numRuns: 1000 });
  });

  it("decodeBatch() throws nothing but CodecError", () => {
    const inputs = mutated(fc.array(events, { maxLength: 3 }).map(encodeBatch));
    fc.assert(
      fc.property(inputs, (input) => throwsOnlyCodecErrors(() => decodeBatch(input, { eventsMax: 3 }))),
      { numRuns: 500 },
    );
  });

  it("decodeBinary() throws nothing but CodecError", () => {
    const names = fc.oneof(
      fc.constantFrom("ce-id", "ce-source", "ce-type", "ce-specversion", "ce-time", "content-type"),
      fc.string().map((text) => `ce-${text}`),
    );
    const values = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("1.0", '"', '"\\', "%", "%f", "%ff"),
    );
    const headers = fc.array(fc.tuple(names, values), { maxLength: 8 });
    fc.assert(
      fc.property(
        headers,
        fc.constantFrom(httpBinding, natsBinding),
        (list, binding) => throwsOnlyCodecErrors(() => decodeBinary(list, undefined, binding)),
      ),
      { numRuns: 2000 },
    );
  });

  it("detectMode() always answers", () => {
    const types = fc.oneof(fc.string(), fc.string().map((text) => `application/cloudevents${text}`));
    fc.assert(fc.property(types, (type) => {
      expect(["binary", "structured", "batch", "unsupported"]).toContain(detectMode(type));
    }));
  });

  it("what is accepted can be written again", () => {
    fc.assert(
      fc.property(mutated(events.map(encodeStructured)), (input) => {
        let event: ReturnType<typeof decodeStructured>;
        try {
          event = decodeStructured(input);
        } catch (error) {
          return expect((error as CodecError).name).toBe("CodecError");
        }
        expect(() => decodeStructured(encodeStructured(event))).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});
