import { describe, expect, it } from "bun:test";

import { decodeAnswer, encodeAnswer, type FrameAnswer } from "../../federation/link/publish_ack.ts";

const bytes = (json: unknown): Uint8Array =>
  new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));

describe("encodeAnswer()", () => {
  const answers: readonly FrameAnswer[] = [
    { type: "accepted", sequence: 0 },
    { type: "accepted", sequence: 12 },
    { type: "wrongSequence", last: 7, linkEpoch: 5 },
    { type: "wrongSequence", last: 0, linkEpoch: undefined },
    { type: "full", detail: "no room" },
    { type: "refused", code: "CHAIN", detail: "it does not continue" },
  ];
  for (const answer of answers) {
    it(`is read back: ${JSON.stringify(answer)}`, () => {
      expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer);
    });
  }

  it("is a publish acknowledgement of JetStream", () => {
    const text = new TextDecoder().decode(encodeAnswer({ type: "accepted", sequence: 3 }));
    expect(JSON.parse(text)).toEqual({ stream: "rx", seq: 3 });
  });
});

describe("decodeAnswer()", () => {
  it("reads what JetStream says of a wrong last sequence", () => {
    const answer = { error: { code: 400, err_code: 10071, description: "wrong last sequence: 4711" } };
    expect(decodeAnswer(bytes(answer))).toEqual({ type: "wrongSequence", last: 4711, linkEpoch: undefined });
  });

  it("reads what JetStream says when it is unavailable as being full", () => {
    const answer = { error: { code: 503, err_code: 10008, description: "system unavailable" } };
    expect(decodeAnswer(bytes(answer))).toEqual({ type: "full", detail: "system unavailable" });
  });

  it("takes an error that it does not know for a refusal", () => {
    const answer = { error: { code: 400, err_code: 10999, description: "no" } };
    expect(decodeAnswer(bytes(answer))).toEqual({ type: "refused", code: "REFUSED", detail: "no" });
  });

  const unreadable: readonly unknown[] = [
    "",
    "[",
    "null",
    "7",
    {},
    { seq: -1 },
    { seq: 1.5 },
    { seq: "1" },
    { error: null },
    { error: "x" },
    { error: { err_code: 10071, description: "wrong last sequence" } },
    { error: { err_code: 10071 } },
  ];
  for (const json of unreadable) {
    it(`takes ${JSON.stringify(json)} for a refusal, since it cannot read it`, () => {
      expect(decodeAnswer(bytes(json))).toMatchObject({ type: "refused", code: "ANSWER_UNREADABLE" });
    });
  }
});
