import { describe, expect, it } from "bun:test";

import { findEarlyAcks } from "./strace_acks.ts";

const mark = { written: "<payload>", acknowledged: '"commit":1' };
const write = '10 pwrite64(7, "page <payload> page", 4096, 24) = 4096';
const sync = "10 fdatasync(7) = 0";
const ack = '11 write(1, "{\\"commit\\":1}\\n", 13) = 13';

function reasons(...lines: string[]): string[] {
  return findEarlyAcks(lines.join("\n"), [mark]).map(({ reason }) => reason);
}

describe("findEarlyAcks()", () => {
  it("accepts write, sync, acknowledgement", () => {
    expect(reasons(write, sync, ack)).toEqual([]);
  });

  it("finds an acknowledgement without a sync, or with one that came too late or too early", () => {
    expect(reasons(write, ack)).toEqual(["not synced before"]);
    expect(reasons(write, ack, sync)).toEqual(["not synced before"]);
    expect(reasons(sync, write, ack)).toEqual(["not synced before"]);
  });

  it("finds a sync that failed or was of another file", () => {
    expect(reasons(write, "10 fdatasync(7) = -1 EIO (Input/output error)", ack)).toEqual(["not synced before"]);
    expect(reasons(write, "10 fdatasync(8) = 0", ack)).toEqual(["not synced before"]);
  });

  it("finds an acknowledgement while the sync is under way", () => {
    const [begins, ends] = ["10 fdatasync(7 <unfinished ...>", "10 <... fdatasync resumed>) = 0"];
    expect(reasons(write, begins, ack, ends)).toEqual(["not synced before"]);
    expect(reasons(write, begins, ends, ack)).toEqual([]);
  });

  it("finds what is acknowledged and was never written, and what was not acknowledged", () => {
    expect(reasons(sync, ack)).toEqual(["never written"]);
    expect(reasons(write, sync)).toEqual(["not acknowledged"]);
  });
});
