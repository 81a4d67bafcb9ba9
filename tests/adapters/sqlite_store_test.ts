import { describe, expect, it } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";

import { openSqliteStore, restoreSqlite, type SqliteStoreOptions } from "../../adapters/store/sqlite.ts";
import { RequestHandler } from "../../adapters/store/sqlite/request_handler.ts";
import type { Writer } from "../../adapters/store/sqlite/writer_client.ts";
import type { WriterReply } from "../../adapters/store/sqlite/writer_protocol.ts";
import { StoreFailedError, StoreFullError, StoreOpenError } from "../../node/errors.ts";
import type { AppendEntry, EventStore } from "../../node/event_store.ts";
import { anEvent } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { tempDir } from "../support/temp_dir.ts";

function open(dataDir: string, options: Partial<SqliteStoreOptions> = {}): Promise<EventStore> {
  return openSqliteStore({ dataDir, cluster: "paris", ...options });
}

function entry(bytes = 100, topic = "order.placed"): AppendEntry {
  return { event: anEvent({ data: new Uint8Array(bytes).fill(120) }), topic, ttlMs: 0 };
}

/** What an attempt ends with; Bun's `rejects` does not wait for a promise that is pending. */
function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(() => undefined, (error: unknown) => error);
}

async function idsOf(store: EventStore): Promise<number[]> {
  return (await store.read({ after: 0, eventsMax: 1e6, bytesMax: 1e9 })).map(({ position }) => position);
}

/** Overwrites the middle of a file. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0xa5, Math.floor(bytes.length / 4), Math.floor(bytes.length / 2));
  writeFileSync(file, bytes);
}

async function aClosedStore(dataDir: string, count = 50): Promise<void> {
  await using store = await open(dataDir);
  for (let i = 0; i < count; i++) await store.commit([entry(2000)]);
}

describe("openSqliteStore()", () => {
  it("refuses a directory that is in use and names the process", async () => {
    using dir = tempDir();
    await using _first = await open(dir.path);
    const error = await failureOf(open(dir.path));
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(String(error)).toContain(`process ${process.pid} is using it`);
  });

  it("opens a directory again after it was closed, and leaves no pid behind", async () => {
    using dir = tempDir();
    await (await open(dir.path)).close();
    expect(readdirSync(dir.path).sort()).toEqual(["weft.db", "weft.lock"]);
    await (await open(dir.path)).close();
  });

  it("refuses a file of a newer version, unchanged", async () => {
    using dir = tempDir();
    await aClosedStore(dir.path);
    const database = new DatabaseSync(join(dir.path, "weft.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    const error = await failureOf(open(dir.path));
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(String(error)).toContain("newer");
  });

  it("refuses another program's database", async () => {
    using dir = tempDir();
    const database = new DatabaseSync(join(dir.path, "weft.db"));
    database.exec("CREATE TABLE notes (text)");
    database.close();
    expect(String(await failureOf(open(dir.path)))).toContain("another program");
  });

  it("refuses a file that is no database, and says what to do", async () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, "weft.db"), "this is a text, and not a short one ".repeat(200));
    const error = await failureOf(open(dir.path));
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(String(error)).toContain("weft restore");
  });

  it("refuses a file that was cut off, and says what to do", async () => {
    using dir = tempDir();
    await aClosedStore(dir.path);
    truncateSync(join(dir.path, "weft.db"), 4096 * 5);
    const error = await failureOf(open(dir.path));
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(String(error)).toContain("move the file away");
  });

  it("never gives out bytes that were changed on the disk", async () => {
    using dir = tempDir();
    await aClosedStore(dir.path, 400);
    damage(join(dir.path, "weft.db"));
    const store = await failureOf(
      open(dir.path).then(async (store) => {
        try {
          await idsOf(store);
        } finally {
          await store.close();
        }
      }),
    );
    expect(store instanceof StoreOpenError || store instanceof StoreFailedError).toBe(true);
    expect(String(store)).toContain("weft restore");
  });

  it("says that a data directory cannot be locked", async () => {
    using dir = tempDir();
    mkdirSync(join(dir.path, "weft.lock"));
    const error = await failureOf(open(dir.path));
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(String(error)).toContain("cannot be locked");
  });

  it("says that a data directory cannot be made", async () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, "file"), "");
    const error = await failureOf(open(join(dir.path, "file", "data")));
    expect(error).toBeInstanceOf(StoreOpenError);
  });
});

describe("SqliteStore on a full disk", () => {
  it("refuses events with full: disk, keeps what it has, and recovers without a restart", async () => {
    using dir = tempDir();
    const clock = new FakeClock();
    const retention = [{ pattern: ">", maxAgeMs: 60_000 }];
    await using store = await open(dir.path, { clock, retention, pagesMax: 100 });
    store.setNeeded(undefined);
    let error: unknown;
    let stored = 0;
    for (; error === undefined && stored < 100; stored++) error = await failureOf(store.commit([entry(10_000)]));
    expect(error).toBeInstanceOf(StoreFullError);
    expect(error).toMatchObject({ full: "disk" });
    expect(store.head).toBe(stored - 1);
    expect(await idsOf(store)).toHaveLength(stored - 1);
    await clock.advance(61_000);
    await eventually(async () => {
      await clock.advance(1000);
      expect(await failureOf(store.commit([entry(10_000)]))).toBeUndefined();
    });
    expect(store.head).toBe(stored);
  });

  it("leaves no trace of the commits that were refused together", async () => {
    using dir = tempDir();
    await using store = await open(dir.path, { pagesMax: 60 });
    await store.commit([], [{ key: "a", value: Uint8Array.of(1) }]);
    const commits = [
      store.commit([entry(1000)], [{ key: "a", value: Uint8Array.of(2) }]),
      store.commit([entry(500_000)]),
    ];
    for (const commit of commits) expect(await failureOf(commit)).toBeInstanceOf(StoreFullError);
    expect(await store.readState("a")).toEqual(Uint8Array.of(1));
    expect([store.head, store.stats().events]).toEqual([0, 0]);
    expect(await store.commit([entry()])).toMatchObject({ position: 1, sequence: 1 });
  });
});

describe("SqliteStore.backup()", () => {
  it("copies one moment of a store that is being written, and tells how far it is", async () => {
    using dir = tempDir();
    using other = tempDir();
    const file = join(other.path, "backup.db");
    await using store = await open(dir.path);
    for (let i = 0; i < 100; i++) await store.commit([entry(5000)], [{ key: "last", value: Uint8Array.of(i) }]);
    const progress: [number, number][] = [];
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i = (i + 1) % 200) {
        await store.commit([entry(5000)], [{ key: "last", value: Uint8Array.of(i) }]);
      }
    })();
    await store.backup(file, (done, total) => progress.push([done, total]));
    writing = false;
    await writer;
    expect(progress.at(-1)![0]).toBe(progress.at(-1)![1]);
    restoreSqlite(file, join(other.path, "data"));
    await using copy = await open(join(other.path, "data"));
    expect(copy.head).toBeGreaterThanOrEqual(100);
    expect((await idsOf(copy)).length).toBe(copy.head);
    expect(await copy.readState("last")).toEqual(
      Uint8Array.of((copy.head - 1) % 100 % 200 === copy.head - 1 ? copy.head - 1 : (copy.head - 101) % 200),
    );
  });

  it("refuses to overwrite a file, and leaves no partial one", async () => {
    using dir = tempDir();
    await using store = await open(dir.path);
    const file = join(dir.path, "backup.db");
    writeFileSync(file, "mine");
    expect(String(await failureOf(store.backup(file)))).toContain("exists");
    expect(await failureOf(store.backup(join(dir.path, "none", "backup.db")))).toBeInstanceOf(StoreFailedError);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });
});

describe("restoreSqlite()", () => {
  async function aBackup(dataDir: string, file: string): Promise<EventStore> {
    const store = await open(dataDir);
    await store.commit([entry(), entry()]);
    await store.backup(file);
    return store;
  }

  it("makes the next opening say so, under an epoch that the original has not used meanwhile", async () => {
    using dir = tempDir();
    const file = join(dir.path, "backup.db");
    const epochs: number[] = [];
    await (await aBackup(join(dir.path, "a"), file)).close();
    for (let i = 0; i < 3; i++) {
      await using original = await open(join(dir.path, "a"));
      epochs.push(original.incarnation.epoch);
    }
    restoreSqlite(file, join(dir.path, "b"));
    await using restored = await open(join(dir.path, "b"));
    expect(restored.incarnation.opened).toBe("restored");
    expect(restored.incarnation.epoch).toBeGreaterThan(Math.max(...epochs) + 2 ** 32);
    expect(await idsOf(restored)).toEqual([1, 2]);
    await restored.close();
    await using again = await open(join(dir.path, "b"));
    expect(again.incarnation.opened).toBe("reopened");
  });

  it("does not overwrite a store", async () => {
    using dir = tempDir();
    const file = join(dir.path, "backup.db");
    await (await aBackup(join(dir.path, "a"), file)).close();
    expect(() => restoreSqlite(file, join(dir.path, "a"))).toThrow("holds a store already");
  });

  it("refuses while a node uses the directory", async () => {
    using dir = tempDir();
    const file = join(dir.path, "backup.db");
    await using _store = await aBackup(join(dir.path, "a"), file);
    expect(() => restoreSqlite(file, join(dir.path, "a"))).toThrow(`process ${process.pid}`);
  });

  it("refuses what is no sound backup, and leaves nothing behind", async () => {
    using dir = tempDir();
    const file = join(dir.path, "backup.db");
    await (await aBackup(join(dir.path, "a"), file)).close();
    damage(file);
    const target = join(dir.path, "b");
    expect(() => restoreSqlite(file, target)).toThrow(StoreOpenError);
    expect(() => restoreSqlite(join(dir.path, "none.db"), target)).toThrow("no such file");
    expect(readdirSync(target)).toEqual(["weft.lock"]);
  });

  it("ignores the write-ahead log of a database that was moved away", async () => {
    using dir = tempDir();
    const [a, b] = [join(dir.path, "a"), join(dir.path, "b")];
    const file = join(dir.path, "backup.db");
    await (await aBackup(a, file)).close();
    await aClosedStore(b);
    renameSync(join(b, "weft.db"), join(b, "moved.db"));
    writeFileSync(join(b, "weft.db-wal"), new Uint8Array(5000));
    restoreSqlite(file, b);
    await using restored = await open(b);
    expect(await idsOf(restored)).toEqual([1, 2]);
    expect(existsSync(join(b, "weft.db.partial"))).toBe(false);
    rmSync(join(b, "moved.db"));
  });
});

describe("SqliteStore whose writer fails", () => {
  /** A store whose writer stops answering as it should when the test says so. */
  async function openFailing(dataDir: string) {
    const inner = new RequestHandler();
    const answers = { next: undefined as (() => Promise<WriterReply>) | undefined };
    const createWriter = (): Writer => ({
      request: (request) => answers.next?.() ?? Promise.resolve(inner.answer(request)),
      terminate: () => undefined,
    });
    const told: StoreFailedError[] = [];
    const onFailure = (error: StoreFailedError) => void told.push(error);
    return { store: await openSqliteStore({ dataDir, cluster: "paris", onFailure }, { createWriter }), answers, told };
  }

  it("refuses what was under way and all that comes, says why, and can still be read and closed", async () => {
    using dir = tempDir();
    const { store, answers, told } = await openFailing(dir.path);
    await store.commit([entry()]);
    expect(store.failure).toBeUndefined();
    const ended = new StoreFailedError("Cannot write to store: its thread ended (out of memory); restart the node");
    answers.next = () => Promise.reject(ended);
    const errors = [failureOf(store.commit([entry()])), failureOf(store.commit([], [{ key: "a", value: undefined }]))];
    for (const error of errors) expect(await error).toBe(ended);
    answers.next = undefined;
    expect(await failureOf(store.commit([entry()]))).toBe(ended);
    expect(store.failure).toBe(ended);
    expect(told).toEqual([ended]);
    expect([store.head, (await idsOf(store)).length]).toEqual([1, 1]);
    await store.close();
    await using again = await open(dir.path);
    expect(await idsOf(again)).toEqual([1]);
  });

  it("trusts the file no more after a write that failed for another reason than room", async () => {
    using dir = tempDir();
    const { store, answers } = await openFailing(dir.path);
    answers.next = () => Promise.resolve({ type: "failed", reason: "broken", message: "disk I/O error" });
    expect(String(await failureOf(store.commit([entry()])))).toContain("disk I/O error; restart the node");
    answers.next = undefined;
    expect(await failureOf(store.commit([entry()]))).toBeInstanceOf(StoreFailedError);
    await store.close();
  });
});

describe("SqliteStore", () => {
  it("takes a commit of many large events whole, and refuses one that memory should not hold", async () => {
    using dir = tempDir();
    await using store = await open(dir.path);
    const megabyte = new Uint8Array(1024 * 1024).fill(7);
    const batch = (count: number) =>
      Array.from({ length: count }, () => ({ event: anEvent({ data: megabyte }), topic: "order.placed", ttlMs: 0 }));
    expect(await store.commit(batch(20))).toMatchObject({ position: 1 });
    expect(await idsOf(store)).toHaveLength(20);
    expect(await failureOf(store.commit(batch(1000)))).toBeInstanceOf(RangeError);
    expect(await store.commit([entry()])).toMatchObject({ position: 21, sequence: 21 });
  });

  it("leaves no trace of a commit that holds an event no record can hold", async () => {
    using dir = tempDir();
    await using store = await open(dir.path);
    const bad = { ...entry(), topic: "a".repeat(70_000) };
    expect(await failureOf(store.commit([entry(), bad], [{ key: "a", value: Uint8Array.of(1) }]))).toBeInstanceOf(
      RangeError,
    );
    expect(await store.commit([entry()])).toMatchObject({ position: 1, sequence: 1 });
    expect(await store.readState("a")).toBeUndefined();
  });

  it("refuses a commit that is larger than the cap without retiring anything for it", async () => {
    using dir = tempDir();
    await using store = await open(dir.path, { bytesMax: 4 * 1024 * 1024 });
    store.setNeeded(undefined);
    await store.commit([entry()]);
    expect(await failureOf(store.commit([entry(5 * 1024 * 1024)]))).toBeInstanceOf(StoreFullError);
    expect(await idsOf(store)).toEqual([1]);
  });

  it("reads what left the cache from the disk, without a difference", async () => {
    using dir = tempDir();
    await using store = await open(dir.path, { cacheBytesMax: 20_000 });
    for (let i = 0; i < 100; i++) await store.commit([entry(1000), entry(1000)]);
    for (const eventsMax of [1, 3, 1000]) {
      const found: number[] = [];
      for (let after = 0;;) {
        const page = await store.read({ after, eventsMax, bytesMax: 1e9 });
        if (page.length === 0) break;
        found.push(...page.map(({ position }) => position));
        after = found.at(-1)!;
      }
      expect(found).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    }
  });

  it("retires in steps that let commits through", async () => {
    using dir = tempDir();
    const clock = new FakeClock();
    const retention = [{ pattern: "metrics.>", maxAgeMs: 1000 }, { pattern: ">", maxAgeMs: 3_600_000 }];
    await using store = await open(dir.path, { clock, retention });
    store.setNeeded(undefined);
    // Blocks of both rules: each of them has to be written again.
    const mixed = Array.from({ length: 1000 }, (_, i) => entry(500, i % 2 === 0 ? "metrics.cpu" : "order.placed"));
    for (let i = 0; i < 40; i++) await store.commit(mixed);
    await clock.advance(2000); // retention begins
    let slowest = 0;
    let commits = 0;
    while (store.stats().retired < 20_000 && commits < 100_000) {
      const startedAt = performance.now();
      await store.commit([entry()]);
      slowest = Math.max(slowest, performance.now() - startedAt);
      commits++;
      if (commits % 50 === 0) await clock.advance(1000);
    }
    expect(store.stats().retired).toBe(20_000);
    expect(commits).toBeGreaterThan(20);
    expect(slowest).toBeLessThan(250); // a step takes 4 ms; the rest is for a slow disk and a busy machine
  });
});
