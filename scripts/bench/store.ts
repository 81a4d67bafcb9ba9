/** What the embedded store carries: commits and reads a second, what they cost the thread of the node, and what that thread feels. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { openSqliteStore, type SqliteStoreOptions } from "../../adapters/store/sqlite.ts";
import { RequestHandler } from "../../adapters/store/sqlite/request_handler.ts";
import type { Writer } from "../../adapters/store/sqlite/writer_client.ts";
import type { CloudEvent } from "../../node/event.ts";
import type { EventStore } from "../../node/event_store.ts";

/** One line of the benchmark's answer. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What is asked for, in words; empty when the figure only explains another. */
  readonly aim: string;
}

const PUBLISHERS = 64;
const COMMITS = 200_000;
const FULL_LOG = 1_000_000;
/** Rate of the paced run, under which the thread of the node has time of its own to be held up. */
const PACED_PER_SECOND = 20_000;
const PACED_MS = 4000;

/** Measures in a new directory; takes about 40 s and 600 MB of disk. */
export async function benchStore(): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "weft-bench-"));
  try {
    return await measure(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measure(dataDir: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  const place = (name: string): SqliteStoreOptions => ({ dataDir: join(dataDir, name), cluster: "bench" });
  {
    await using store = await openSqliteStore(place("main"));
    await commitAll(store, 20_000); // the compilers' share
    figures.push(...await commitFigures(store, "empty log"));
    figures.push(...await pacedFigures(store, "worker"));
    await fillTo(store, FULL_LOG);
    figures.push(...await commitFigures(store, "1 M events"));
    figures.push(await readFigure(store, "from the disk", { after: 0, events: 500_000 }));
    figures.push(await readFigure(store, "from memory", { after: store.head - 20_000, events: 20_000 }));
  }
  figures.push(...await openFigures(place("main")));
  {
    await using store = await openSqliteStore(place("inline"), { createWriter: () => new InlineWriter() });
    await commitAll(store, 20_000);
    figures.push(...await commitFigures(store, "no worker, for comparison"));
    figures.push(...await pacedFigures(store, "no worker, for comparison"));
  }
  return figures;
}

async function commitFigures(store: EventStore, where: string): Promise<Figure[]> {
  // What the publishers of this benchmark take themselves is not the store's.
  const ownMs = await mainThreadCpuOf(() => commitAll(NO_STORE, COMMITS));
  let elapsedMs = 0;
  const cpuMs = await mainThreadCpuOf(async () => elapsedMs = await commitAll(store, COMMITS)) - ownMs;
  const aims = where.startsWith("no worker") ? ["", ""] : ["≥ 60000", "≤ 3"];
  return [
    {
      figure: `commits of one event, ${PUBLISHERS} at once, ${where}`,
      value: COMMITS / elapsedMs * 1000,
      unit: "events/s",
      aim: aims[0],
    },
    { figure: `… time of the node's thread, ${where}`, value: cpuMs * 1000 / COMMITS, unit: "µs/event", aim: aims[1] },
  ];
}

/** Publishes at a steady rate, with large commits in between, and asks how late a timer of the node's thread fires. */
async function pacedFigures(store: EventStore, where: string): Promise<Figure[]> {
  const lateness: number[] = [];
  const commits: Promise<number>[] = [];
  const startedAt = performance.now();
  let sent = 0;
  for (let now = startedAt; now - startedAt < PACED_MS; now = performance.now()) {
    for (const due = (now - startedAt) / 1000 * PACED_PER_SECOND; sent < due; sent++) commits.push(timed(store, 1));
    if (commits.length % 10 === 0) commits.push(timed(store, 1000));
    const dueAt = performance.now() + 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
    lateness.push(performance.now() - dueAt);
  }
  const waits = await Promise.all(commits);
  return [
    {
      figure: `lateness of other work while committing, p99, ${where}`,
      value: at(lateness, 0.99),
      unit: "ms",
      aim: where === "worker" ? "≤ 20" : "",
    },
    { figure: `… maximum, ${where}`, value: at(lateness, 1), unit: "ms", aim: "" },
    { figure: `commit at ${PACED_PER_SECOND}/s, p50, ${where}`, value: at(waits, 0.5), unit: "ms", aim: "" },
    { figure: `… p99, ${where}`, value: at(waits, 0.99), unit: "ms", aim: "" },
  ];
}

async function timed(store: EventStore, events: number): Promise<number> {
  const startedAt = performance.now();
  await store.commit(Array.from({ length: events }, anEntry));
  return performance.now() - startedAt;
}

async function readFigure(store: EventStore, where: string, range: { after: number; events: number }): Promise<Figure> {
  let { after } = range;
  let read = 0;
  const startedAt = performance.now();
  while (read < range.events) {
    const page = await store.read({ after, eventsMax: 512, bytesMax: 1024 * 1024 });
    if (page.length === 0) break;
    for (const event of page) if (event.event.attributes.type === event.topic) read++;
    after = page.at(-1)!.position;
  }
  const perSecond = read / (performance.now() - startedAt) * 1000;
  return { figure: `read and decode ${where}`, value: perSecond, unit: "events/s", aim: "" };
}

async function openFigures(options: SqliteStoreOptions): Promise<Figure[]> {
  const startedAt = performance.now();
  await using store = await openSqliteStore(options);
  const openedAt = performance.now();
  let ids = 0;
  for await (const { count } of store.recentIds({ idsMax: 1_000_000, ageMs: 1e12 })) ids += count;
  const readAt = performance.now();
  return [
    { figure: `open, ${store.head} events`, value: openedAt - startedAt, unit: "ms", aim: "" },
    { figure: `hashes of the last ${ids} events`, value: readAt - openedAt, unit: "ms", aim: "" },
  ];
}

async function commitAll(store: Pick<EventStore, "commit">, events: number): Promise<number> {
  let left = events;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: PUBLISHERS }, async () => {
    while (left-- > 0) await store.commit([anEntry()]);
  }));
  return performance.now() - startedAt;
}

async function fillTo(store: EventStore, events: number): Promise<void> {
  while (store.head < events) await store.commit(Array.from({ length: 500 }, anEntry));
}

/** Takes everything and does nothing. */
const NO_STORE: Pick<EventStore, "commit"> = {
  commit: () => Promise.resolve({ position: 1, sequence: 1, epoch: 1 }),
};

let counter = 0;

/** A typical event: six attributes, about 130 bytes of data, some 300 bytes as a record. */
function anEntry() {
  const id = `123e4567-e89b-12d3-a456-${String(++counter).padStart(12, "0")}`;
  const attributes = {
    specversion: "1.0",
    id,
    source: "/shops/alice",
    type: "order.placed",
    time: "2024-05-01T12:00:00.123456Z",
    datacontenttype: "application/json",
  };
  const event: CloudEvent = { attributes, data: DATA, dataForm: "json" };
  return { event, topic: "order.placed", ttlMs: 0 };
}

const DATA = new TextEncoder().encode(JSON.stringify({ amount: 12, currency: "EUR", note: "x".repeat(90) }));

/** Answers in the thread of the store itself: what the worker is compared with. */
class InlineWriter implements Writer {
  readonly #handler = new RequestHandler();

  request: Writer["request"] = (request) => Promise.resolve(this.#handler.answer(request));

  terminate(): void {}
}

async function mainThreadCpuOf(run: () => Promise<unknown>): Promise<number> {
  const before = mainThreadCpuMs();
  await run();
  return mainThreadCpuMs() - before;
}

/** Time that the main thread has run, in ms; where the system does not tell, that of all threads. */
function mainThreadCpuMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}

function at(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

if (import.meta.main) {
  for (const { figure, value, unit, aim } of await benchStore()) {
    console.log(`${figure.padEnd(64)} ${value.toFixed(value < 100 ? 2 : 0).padStart(10)} ${unit.padEnd(9)} ${aim}`);
  }
}
