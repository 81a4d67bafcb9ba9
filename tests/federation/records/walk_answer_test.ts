import { describe, expect, it } from "bun:test";

import { type KeysAnswer, readMessage } from "../../../federation/routing/records/db_message.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";
import { DEFAULT_RECORDS_OPTIONS, type RecordsOptions } from "../../../federation/routing/records/records_options.ts";
import { RecordTable } from "../../../federation/routing/records/record_table.ts";
import { BUCKETS, seal } from "../../../federation/routing/records/sealed_record.ts";
import { answerWalk } from "../../../federation/routing/records/walk_answer.ts";

const NOW = 1000;
const EVERYTHING = new Uint8Array(BUCKETS / 8).fill(0xff);

/** A table with records of as many clusters, that all live long. */
function aTable(records: number): RecordTable {
  const table = new RecordTable(DEFAULT_RECORDS_OPTIONS);
  for (let i = 0; i < records; i++) {
    const record = seal({ origin: `c${i}`, kind: 0, shard: 0, epoch: 2 ** 32, version: 1, body: Uint8Array.of(1) });
    table.put(record, 1e9);
  }
  return table;
}

function ask(
  table: RecordTable,
  options: Partial<RecordsOptions> = {},
  { asked = EVERYTHING, sums = new Uint32Array(2 * BUCKETS) } = {},
): KeysAnswer[] {
  const answers: KeysAnswer[] = [];
  const all = { ...DEFAULT_RECORDS_OPTIONS, ...options };
  const writer = new MessageWriter({ bytesMax: all.messageBytes });
  writer.compose((payload) => {
    readMessage(payload, {
      onRecord: () => {},
      onAck: () => {},
      onBuckets: () => {},
      onKeys: (answer) => answers.push(answer),
      onWant: () => {},
    });
  }, () => answerWalk(table, { walk: 1, asked, sums }, writer, { ...all, now: NOW }));
  return answers;
}

const keysOf = (answers: readonly KeysAnswer[]): string[] =>
  answers.flatMap(({ keys }) => keys.map(({ origin }) => origin));
const bitsOf = (mask: Uint8Array): number =>
  [...mask].reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);

describe("answerWalk()", () => {
  it("names every record of buckets that differ", () => {
    const answers = ask(aTable(50));
    expect(new Set(keysOf(answers)).size).toBe(50);
    expect(answers.map(({ part, parts, left }) => [part, parts, bitsOf(left)])).toEqual([[0, 1, 0]]);
  });

  it("names no record of buckets that were not asked for", () => {
    expect(keysOf(ask(aTable(50), {}, { asked: new Uint8Array(BUCKETS / 8) }))).toEqual([]);
  });

  it("names no record of buckets that are the same", () => {
    const table = aTable(50);
    expect(keysOf(ask(table, {}, { sums: table.sums.slice() }))).toEqual([]);
  });

  it("names the records of a bucket that differs in either half of its sum", () => {
    const table = aTable(1);
    const at = table.sums.findIndex((sum) => sum !== 0) & ~1;
    for (const half of [0, 1]) {
      const sums = table.sums.slice();
      sums[at + half] ^= 1;
      expect(keysOf(ask(table, {}, { sums }))).toEqual(["c0"]);
    }
  });

  it("cuts an answer into parts of a message each", () => {
    const answers = ask(aTable(100), { messageBytes: 500 });
    expect(answers.length).toBeGreaterThan(5);
    expect(answers.map(({ part, parts }) => [part, parts])).toEqual(answers.map((_, i) => [i, answers.length]));
    expect(new Set(keysOf(answers)).size).toBe(100);
  });

  it("lists no more than a round's worth, and says which buckets are left", () => {
    const [answer] = ask(aTable(1000), { roundBytes: 1000 });
    expect(answer.keys.length).toBeLessThan(100);
    expect(bitsOf(answer.left)).toBeGreaterThan(200);
    const rest = ask(aTable(1000), {}, { asked: Uint8Array.from(answer.left) });
    expect(keysOf([answer, ...rest]).length).toBe(1000);
  });

  it("names no record whose life is nearly over: it would come back where clocks run faster", () => {
    const table = new RecordTable(DEFAULT_RECORDS_OPTIONS);
    for (const [origin, lifeMs] of [["alice", 1999], ["bob", 2000]] as const) {
      table.put(seal({ origin, kind: 0, shard: 0, epoch: 2 ** 32, version: 1, body: Uint8Array.of(1) }), NOW + lifeMs);
    }
    expect(keysOf(ask(table))).toEqual(["bob"]);
  });
});
