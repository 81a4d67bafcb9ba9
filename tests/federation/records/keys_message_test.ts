import { describe, expect, it } from "bun:test";

import {
  HEAD_BYTES,
  KEYS_HEAD_BYTES,
  type KeysAnswer,
  MASK_BYTES,
  readMessage,
} from "../../../federation/routing/records/db_message.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";

const KEY_AT = 1 + HEAD_BYTES + KEYS_HEAD_BYTES;
const answer: KeysAnswer = {
  walk: 7,
  part: 1,
  parts: 3,
  left: new Uint8Array(MASK_BYTES).fill(5),
  keys: [
    { origin: "alice", kind: 1, shard: 2, epoch: 3 * 2 ** 32 + 9, version: 4, hashLow: 0xfedcba98 },
    { origin: "bob", kind: 0, shard: 0, epoch: 2 ** 32, version: Number.MAX_SAFE_INTEGER, hashLow: 0 },
  ],
};

function written(keys: KeysAnswer): Uint8Array {
  let message: Uint8Array | undefined;
  new MessageWriter({ bytesMax: 10_000 }).compose((payload) => message = payload, (writer) => writer.keys(keys));
  return message!;
}

/** What is read, or what is wrong with it. */
function read(payload: Uint8Array): KeysAnswer | string | undefined {
  let heard: KeysAnswer | undefined;
  const problem = readMessage(payload, {
    onRecord: () => {},
    onAck: () => {},
    onBuckets: () => {},
    onKeys: (keys) => heard = keys,
    onWant: () => {},
  });
  return problem ?? heard;
}

describe("readMessage() of keys", () => {
  it("reads what was written", () => {
    expect(read(written(answer))).toEqual(answer);
  });

  it("reads an answer without keys", () => {
    expect(read(written({ ...answer, keys: [] }))).toEqual({ ...answer, keys: [] });
  });

  it("takes no number beyond what is exact, neither as epoch nor as version", () => {
    for (const at of [3 + 7, 11 + 7]) {
      const bytes = written(answer);
      bytes[KEY_AT + at] = 0xff;
      expect(typeof read(bytes)).toBe("string");
    }
  });

  it("takes no origin that is no name", () => {
    const bytes = written(answer);
    bytes[KEY_AT + 23] = 0x20;
    expect(typeof read(bytes)).toBe("string");
  });

  it("takes no key that goes beyond its section", () => {
    const bytes = written(answer);
    bytes[KEY_AT + 2] = 255;
    expect(typeof read(bytes)).toBe("string");
  });

  it("takes no part behind the last one", () => {
    expect(typeof read(written({ ...answer, part: 3 }))).toBe("string");
    expect(read(written({ ...answer, part: 2 }))).toEqual({ ...answer, part: 2 });
  });
});
