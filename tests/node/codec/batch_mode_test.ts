import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { decodeBatch, decodeStructured, encodeBatch, encodeStructured } from "../../../node/codec/mod.ts";
import { bytesOf, codecErrorOf, events, plain, structuredText } from "./codec_support.ts";

const decode = (text: string, eventsMax = 10) => decodeBatch(text, { eventsMax });
const errorOf = (text: string) => codecErrorOf(() => decode(text));

describe("decodeBatch()", () => {
  it("returns the events in order, also none", () => {
    expect(decode("[ ]")).toEqual([]);
    expect(decode(`[${structuredText('"n":1')} , ${structuredText('"n":2')}]`).map((event) => event.attributes.n))
      .toEqual([1, 2]);
  });

  it("refuses more events than allowed and says how many are", () => {
    const batch = `[${[1, 2, 3].map(() => structuredText()).join(",")}]`;
    expect(decode(batch, 3)).toHaveLength(3);
    expect(codecErrorOf(() => decode(batch, 2))).toMatchObject({ code: "BATCH_TOO_LARGE", limit: 2 });
  });

  it("reports every wrong event with its place", () => {
    const error = errorOf(
      `[${structuredText()},{"id":[{}],"x":"]"},1,${structuredText()},${structuredText('"id":"2"')}]`,
    );
    expect(error).toMatchObject({ code: "INVALID_ATTRIBUTE", index: 1 });
    expect(error.errors!.map(({ index, code }) => [index, code])).toEqual([
      [1, "INVALID_ATTRIBUTE"],
      [2, "INVALID_EVENT"],
      [4, "INVALID_EVENT"],
    ]);
  });

  it("reports at most a hundred", () => {
    const error = codecErrorOf(() => decode(`[${Array(500).fill("1").join(",")}]`, 1000));
    expect(error.errors).toHaveLength(100);
  });

  it("refuses broken JSON and anything but an array", () => {
    expect(errorOf(`[${structuredText()},{"id":]`)).toMatchObject({ code: "MALFORMED_JSON", index: 1 });
    expect(errorOf(`[${structuredText()},]`).code).toBe("MALFORMED_JSON");
    expect(errorOf(`[${structuredText()}`).code).toBe("MALFORMED_JSON");
    expect(errorOf("[]]").code).toBe("MALFORMED_JSON");
    expect(errorOf(structuredText()).code).toBe("INVALID_EVENT");
  });

  it("reads what encodeBatch() writes, event by event as in structured mode", () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 5 }), (batch) => {
        const single = batch.map((event) => plain(decodeStructured(encodeStructured(event))));
        expect(decode(encodeBatch(batch)).map(plain)).toEqual(single);
        expect(decodeBatch(bytesOf(encodeBatch(batch)), { eventsMax: 5 }).map(plain)).toEqual(single);
      }),
      { numRuns: 50 },
    );
  });
});
