import { describe, expect, it } from "bun:test";

import { isTimestamp } from "../../../node/codec/mod.ts";

describe("isTimestamp()", () => {
  it("takes every form of RFC 3339", () => {
    const valid = [
      "2026-01-31T23:59:59Z",
      "2026-01-31t23:59:59.123456789z",
      "2026-01-31T23:59:59+05:30",
      "1990-12-31T15:59:60-08:00",
      "2024-02-29T00:00:00Z",
      "2000-02-29T00:00:00Z",
    ];
    for (const text of valid) expect({ text, valid: isTimestamp(text) }).toEqual({ text, valid: true });
  });

  it("refuses other formats and days that do not exist", () => {
    const invalid = [
      "",
      "now",
      "2026-01-31",
      "2026-01-31 23:59:59Z",
      "2026-01-31T23:59:59",
      "2026-01-31T23:59Z",
      "2026-01-31T24:00:00Z",
      "2026-01-31T23:60:00Z",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-04-31T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2026-01-31T23:59:59.Z",
      "2026-01-31T23:59:59+5:30",
      "2026-01-31T23:59:59+24:00",
      "2026-01-31T23:59:59Z ",
    ];
    for (const text of invalid) expect({ text, valid: isTimestamp(text) }).toEqual({ text, valid: false });
  });
});
