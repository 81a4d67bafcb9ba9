import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { JsonScanner } from "../../../node/codec/json_scanner.ts";
import { CodecError } from "../../../node/codec/mod.ts";

function isAccepted(text: string): boolean {
  try {
    const scanner = new JsonScanner(text);
    scanner.skipValue();
    scanner.expectEnd();
    return true;
  } catch (error) {
    if (error instanceof CodecError && error.code === "MALFORMED_JSON") return false;
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// Fragments rather than characters: random characters are hardly ever nearly JSON.
const fragments = [
  ...'{}[],:"\\ \n\t-+.eE019a',
  "true",
  "false",
  "null",
  "nul",
  '"a"',
  '"\\u00e9"',
  '"\\u00',
  "\\x",
  "\u0001",
  "\u00a0",
];

describe("JsonScanner", () => {
  it("accepts exactly what JSON.parse accepts", () => {
    const texts = fc.oneof(
      fc.json(),
      fc.array(fc.constantFrom(...fragments), { maxLength: 12 }).map((parts) => parts.join("")),
      fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...fragments)).map(([json, at, fragment]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + fragment + json.slice(place + 1);
      }),
    );
    fc.assert(
      fc.property(
        texts,
        (text) => expect({ text, accepted: isAccepted(text) }).toEqual({ text, accepted: isJson(text) }),
      ),
      {
        numRuns: 3000,
      },
    );
  });

  it("accepts exactly the numbers of RFC 8259", () => {
    const texts = [
      "0",
      "-0",
      "1.5",
      "1e5",
      "1E+5",
      "-1.5e-10",
      "01",
      "-",
      "1.",
      ".5",
      "1e",
      "1e+",
      "+1",
      "--1",
      "0x1",
      "1.e1",
      "NaN",
    ];
    expect(texts.map(isAccepted)).toEqual(texts.map(isJson));
  });

  it("reads strings as JSON.parse does", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
      expect(new JsonScanner(` ${JSON.stringify(value)}`).readString()).toBe(value);
    }));
  });
});
