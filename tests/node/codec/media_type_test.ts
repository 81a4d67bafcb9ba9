import { describe, expect, it } from "bun:test";

import { detectMode, isJsonMediaType, parseMediaType } from "../../../node/codec/mod.ts";

describe("parseMediaType()", () => {
  it("puts type, subtype and parameter names into lower case and keeps parameter values", () => {
    const mediaType = parseMediaType('Text/PLAIN ; Charset=UTF-8;note="a \\"b\\"; c"');
    expect(mediaType?.type).toBe("text");
    expect(mediaType?.subtype).toBe("plain");
    expect([...mediaType!.parameters]).toEqual([["charset", "UTF-8"], ["note", 'a "b"; c']]);
  });

  it("takes empty parameters, as RFC 9110 §5.6.6 allows", () => {
    expect(parseMediaType("text/plain;")?.subtype).toBe("plain");
    expect(parseMediaType("text/plain; ;charset=utf-8")?.parameters.get("charset")).toBe("utf-8");
  });

  it("answers undefined for what is no media type", () => {
    for (const text of ["", "json", "a/b/c", "a/b, c/d", "a/b; c", "a/b; c=", 'a/b; c="d', "/b", "a/"]) {
      expect(parseMediaType(text)).toBeUndefined();
    }
  });
});

describe("isJsonMediaType()", () => {
  it("is true for subtype json and suffix +json in any case", () => {
    const json = ["application/json", "APPLICATION/Json;x=y", "text/json", "application/problem+JSON"];
    expect(json.map(isJsonMediaType)).toEqual([true, true, true, true]);
  });

  it("is false for everything else", () => {
    const other = ["application/xml", "application/jsonl", "application/json-seq", "json", ""];
    expect(other.map(isJsonMediaType)).toEqual([false, false, false, false, false]);
  });
});

describe("detectMode()", () => {
  it("knows structured and batch mode in any case and with parameters", () => {
    expect(detectMode("application/cloudevents+json")).toBe("structured");
    expect(detectMode("Application/CloudEvents+JSON; Charset=UTF-8")).toBe("structured");
    expect(detectMode("application/cloudevents-batch+json;charset=utf-8")).toBe("batch");
  });

  it("takes everything else for binary mode", () => {
    for (const type of [undefined, null, "", "application/json", "application/cbor", "application/clouds"]) {
      expect(detectMode(type)).toBe("binary");
    }
  });

  it("does not take a format or charset it cannot read for an event in binary mode", () => {
    for (
      const type of [
        "application/cloudevents+xml",
        "application/cloudevents",
        "application/cloudevents+json;charset=utf-16",
      ]
    ) {
      expect(detectMode(type)).toBe("unsupported");
    }
  });
});
