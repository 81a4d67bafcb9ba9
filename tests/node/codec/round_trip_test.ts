import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { CloudEvent } from "../../../node/event.ts";
import {
  attributeText,
  decodeBinary,
  decodeStructured,
  encodeBinary,
  encodeStructured,
  natsBinding,
} from "../../../node/codec/mod.ts";
import { bytesOf, events, textOf } from "./codec_support.ts";

/** What every mode keeps: canonical attribute strings (headers do not tell types) and the bytes of the data. */
function essence({ attributes, data, dataForm }: CloudEvent) {
  const texts = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attributeText(value)]));
  // Binary mode names the media type that structured JSON implies.
  if (dataForm === "json") texts.datacontenttype ??= "application/json";
  return { texts, data: data?.toBase64() };
}

/** As `essence`, but JSON data that was given as bytes loses the white space around its value in structured mode. */
function trimmedEssence(event: CloudEvent) {
  const { texts, data } = essence(event);
  const mediaType = texts.datacontenttype ?? "";
  const text = textOf(event.data);
  const trims = event.dataForm === "binary" && /json/i.test(mediaType) && isJson(text);
  return { texts, data: trims ? bytesOf(text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "")).toBase64() : data };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const runs = { numRuns: 300 };

describe("the codec", () => {
  it("loses nothing in binary mode over HTTP", () => {
    fc.assert(
      fc.property(events, (event) => {
        const { headers, body } = encodeBinary(event);
        for (const [, value] of headers) expect(value).toMatch(/^[\x20-\x7e]*$/);
        expect(essence(decodeBinary(headers, body))).toEqual(essence(event));
      }),
      runs,
    );
  });

  it("loses nothing through the runtime's own Headers", () => {
    fc.assert(
      fc.property(events, (event) => {
        const { headers, body } = encodeBinary(event);
        expect(essence(decodeBinary(new Headers(headers), body))).toEqual(essence(event));
      }),
      runs,
    );
  });

  it("loses nothing in binary mode over NATS, raw or encoded", () => {
    fc.assert(
      fc.property(events, fc.constantFrom("raw" as const, "percent" as const), (event, headerEncoding) => {
        const hasPercentOrQuote = Object.values(event.attributes).some((value) => /[%]|^"/.test(attributeText(value)));
        fc.pre(headerEncoding === "percent" || !hasPercentOrQuote);
        const { headers, body } = encodeBinary(event, { binding: natsBinding, headerEncoding });
        expect(essence(decodeBinary(headers, body, natsBinding))).toEqual(essence(event));
      }),
      runs,
    );
  });

  it("loses nothing in structured mode, types of attributes included", () => {
    fc.assert(
      fc.property(events, (event) => {
        const text = encodeStructured(event);
        expect(() => JSON.parse(text)).not.toThrow();
        for (const decoded of [decodeStructured(text), decodeStructured(bytesOf(text))]) {
          expect({ ...decoded.attributes }).toEqual({ ...event.attributes });
          expect(Object.keys(decoded.attributes)).toEqual(Object.keys(event.attributes));
          expect(trimmedEssence(decoded).data).toBe(trimmedEssence(event).data);
        }
      }),
      runs,
    );
  });

  it("loses nothing from structured to binary and back", () => {
    fc.assert(
      fc.property(events, (event) => {
        const structured = decodeStructured(encodeStructured(event));
        const { headers, body } = encodeBinary(structured);
        const again = decodeStructured(encodeStructured(decodeBinary(headers, body)));
        expect(trimmedEssence(again)).toEqual(essence(structured));
      }),
      runs,
    );
  });

  it("writes a structured event as it came", () => {
    fc.assert(
      fc.property(events, (event) => {
        const text = encodeStructured(event);
        expect(encodeStructured(decodeStructured(text))).toBe(text);
      }),
      runs,
    );
  });
});
