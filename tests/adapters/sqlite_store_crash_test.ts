import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { openSqliteStore } from "../../adapters/store/sqlite.ts";
import { StoreOpenError } from "../../node/errors.ts";
import type { Audience } from "../../node/event_store.ts";
import type { ProgramCommit } from "../support/store_program.ts";
import { audienceOf, payloadOf } from "../support/store_program.ts";
import { StoreProcess } from "../support/store_process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** What a store must hold after it was told to commit some things, of which it acknowledged the first `acknowledged`. */
interface Model {
  /** In the order in which they were sent; a crash takes away the tail that had not come to the disk. */
  commits: ProgramCommit[];
}

/** One life of the process: what it is sent, and how many acknowledgements come before it is killed. */
interface Life {
  readonly sizes: readonly {
    readonly events: number;
    readonly key: string;
    readonly deletes: boolean;
    /** The cluster that the events come from. */
    readonly from: string | undefined;
  }[];
  readonly killAfter: number;
}

const life: fc.Arbitrary<Life> = fc.record({
  sizes: fc.array(
    fc.record({
      events: fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, {
        weight: 1,
        arbitrary: fc.integer({ min: 900, max: 1100 }),
      }),
      key: fc.constantFrom("a", "b", "c"),
      deletes: fc.boolean(),
      from: fc.constantFrom(undefined, "lyon", "bonn"),
    }),
    { minLength: 1, maxLength: 60 },
  ),
  killAfter: fc.nat(60),
});

let counter = 0;

function toCommits(sizes: Life["sizes"]): ProgramCommit[] {
  return sizes.map(({ events, key, deletes, from }) => {
    const commit = ++counter;
    const ids = Array.from({ length: events }, (_, i) => `${commit}.${i}`);
    // `last` names the commit, so that the state tells which commits came through.
    return {
      commit,
      ids,
      changes: [
        { key, value: deletes ? null : `${commit}` },
        { key: "last", value: `${commit}` },
        ...from === undefined ? [] : [{ key: `run/${commit}`, value: from, atPosition: true }],
      ],
      origin: from === undefined ? undefined : { cluster: from, epoch: 9, sequence: commit * 10_000 },
    };
  });
}

/** Runs one life and kills it; answers how many of its commits were acknowledged, which are always the first ones. */
async function live(dataDir: string, commits: readonly ProgramCommit[], killAfter: number): Promise<number> {
  await using program = await StoreProcess.start({ dataDir });
  for (const commit of commits) program.send(commit);
  const wanted = Math.min(killAfter, commits.length);
  await program.until((lines) => lines.length - 1 >= wanted);
  await program.kill();
  const acknowledged = program.lines.flatMap((line) => line.type === "durable" ? [line.commit] : []);
  expect(acknowledged).toEqual(commits.slice(0, acknowledged.length).map(({ commit }) => commit));
  return acknowledged.length;
}

/** Compares the store with the model; commits of the last life that were not acknowledged may be there, from the front. */
async function check(dataDir: string, model: Model, certain: number): Promise<void> {
  await using store = await openSqliteStore({ dataDir, cluster: "paris" });
  const last = await store.readState("last");
  const lastCommit = last === undefined ? 0 : Number(new TextDecoder().decode(last));
  const present = model.commits.findIndex(({ commit }) => commit === lastCommit) + 1;
  expect(present).toBeGreaterThanOrEqual(certain);
  model.commits = model.commits.slice(0, present); // the rest never was
  const ids = model.commits.flatMap(({ ids }) => ids);
  const events = await store.read({ after: 0, eventsMax: 1e6, bytesMax: 1e9 });
  expect(events.map(({ position }) => position)).toEqual(ids.map((_, i) => i + 1));
  expect(events.map(({ event }) => event.attributes.id)).toEqual(ids);
  expect(events.map(({ event }) => new TextDecoder().decode(event.data))).toEqual(ids.map(payloadOf));
  expect(events.map(({ origin, sequence, audience }) => [origin, sequence, audience])).toEqual(
    model.commits.flatMap(originsOf).map((expected, i) => expected ?? ["paris", i + 1, "everybody"]),
  );
  expect([store.head, store.stats().events]).toEqual([ids.length, ids.length]);
  const state = new Map<string, string>();
  let head = 0;
  for (const { changes, ids } of model.commits) {
    const position = ids.length === 0 ? head : head + 1;
    head += ids.length;
    for (const { key, value, atPosition } of changes) {
      const at = atPosition ? `${key}/${String(position).padStart(16, "0")}` : key;
      if (value === null) state.delete(at);
      else state.set(at, value);
    }
  }
  const entries = await store.listState({ prefix: "", limit: 1000 });
  expect(entries.map(({ key, value }) => [key, new TextDecoder().decode(value)])).toEqual([...state].sort());
}

/** Origin, sequence and audience of each event that comes from elsewhere. */
function originsOf({ ids, origin }: ProgramCommit): ([string, number, Audience] | undefined)[] {
  return ids.map((id, i) => origin && [origin.cluster, origin.sequence + 2 * i, audienceOf(id)]);
}

describe("SqliteStore of a process that is killed", () => {
  it("has every acknowledged commit, whole commits only, and nothing out of order", async () => {
    const lives = fc.array(life, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(lives, async (lives) => {
        using dir = tempDir();
        const model: Model = { commits: [] };
        for (const { sizes, killAfter } of lives) {
          const before = model.commits.length;
          const commits = toCommits(sizes);
          model.commits.push(...commits);
          await check(dir.path, model, before + await live(dir.path, commits, killAfter));
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  }, 60_000);

  it("never uses an epoch twice", async () => {
    using dir = tempDir();
    const counters: number[] = [];
    for (let i = 0; i < 3; i++) {
      await using program = await StoreProcess.start({ dataDir: dir.path });
      counters.push(Math.floor(program.epoch / 2 ** 32));
      await program.kill();
    }
    expect(counters).toEqual([1, 2, 3]);
  }, 30_000);

  it("lets nobody else in while it lives, and anybody after", async () => {
    using dir = tempDir();
    await using program = await StoreProcess.start({ dataDir: dir.path });
    const open = () => openSqliteStore({ dataDir: dir.path, cluster: "paris" });
    const error = await open().then(() => undefined, (error: unknown) => error);
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(String(error)).toContain("is using it");
    await program.kill();
    await (await open()).close();
  }, 30_000);
});
