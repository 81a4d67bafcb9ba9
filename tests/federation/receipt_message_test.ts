import { describe, expect, it } from "bun:test";

import { parseReceiptAck, parseReceiptPart, PART_INTERVALS } from "../../federation/ledger/receipt_message.ts";

const part = {
  epoch: 1,
  version: 2,
  part: 0,
  parts: 1,
  intervals: [[0, 5]],
  exceptions: [{ sequence: 3, state: "rejected", reason: "DUPLICATE_ID" }],
};
const many = <T>(value: T): T[] => Array.from({ length: PART_INTERVALS + 1 }, () => value);

describe("parseReceiptPart()", () => {
  it("lets a part through as it is", () => {
    expect(parseReceiptPart(part)).toEqual(part as never);
  });

  const bad: readonly (readonly [what: string, json: unknown])[] = [
    ["nothing", undefined],
    ["null", null],
    ["a text", "x"],
    ["no epoch", { ...part, epoch: undefined }],
    ["a negative version", { ...part, version: -1 }],
    ["a broken part", { ...part, part: 0.5 }],
    ["parts that are a text", { ...part, parts: "1" }],
    ["no intervals", { ...part, intervals: undefined }],
    ["an interval of one number", { ...part, intervals: [[5]] }],
    ["an interval of three numbers", { ...part, intervals: [[1, 2, 3]] }],
    ["an empty interval", { ...part, intervals: [[5, 5]] }],
    ["an interval that goes back", { ...part, intervals: [[6, 5]] }],
    ["an interval from below", { ...part, intervals: [[-1, 5]] }],
    ["too many intervals", { ...part, intervals: many([0, 1]) }],
    ["no exceptions", { ...part, exceptions: undefined }],
    ["too many exceptions", { ...part, exceptions: many(part.exceptions[0]) }],
    ["an exception that is none", { ...part, exceptions: [null] }],
    ["an exception without its number", { ...part, exceptions: [{ ...part.exceptions[0], sequence: undefined }] }],
    ["a state that ends nothing", { ...part, exceptions: [{ ...part.exceptions[0], state: "delivered" }] }],
    ["an exception without a reason", { ...part, exceptions: [{ ...part.exceptions[0], reason: 5 }] }],
  ];
  for (const [what, json] of bad) {
    it(`takes ${what} for no receipt`, () => {
      expect(parseReceiptPart(json)).toBeUndefined();
    });
  }
});

describe("parseReceiptAck()", () => {
  it("lets an acknowledgement through as it is", () => {
    expect(parseReceiptAck({ epoch: 1, version: 2, low: 3, closed: false })).toEqual({
      epoch: 1,
      version: 2,
      low: 3,
      closed: false,
    });
  });

  it("takes anything else for none", () => {
    const others = [
      undefined,
      null,
      {},
      { epoch: 1, version: 2 },
      {
        epoch: 1,
        version: 2,
        low: 3,
        closed: false,
        openFrom: -1,
      },
      { epoch: 1, version: 2, low: -3 },
      {
        epoch: 1,
        version: "2",
        low: 3,
      },
    ];
    expect(others.map(parseReceiptAck)).toEqual(others.map(() => undefined));
  });
});
