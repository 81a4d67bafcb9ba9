/** How long a record takes to a thousand clusters over lossy links, what that costs, and how fast a mesh of them starts. */

import process from "node:process";

import { RecordDatabase, type SealedRecord } from "../../federation/routing/records/mod.ts";
import type { World } from "../../federation/world.ts";

import type { Figure } from "./figure.ts";

const CLUSTERS = 1000;
/** A mesh that starts all at once holds a message per record and link in memory. */
const STARTING = 250;
const DEGREE = 8;
const DELAY_MS = [5, 100] as const;
const LOSS_PERMILLE = 50;
const BODY_BYTES = 400;
const LIFETIME_MS = 1_800_000;
const RECORDS = 100;
const SEED = 20_240_501;

/** Takes about 30 s. */
export function benchFlooding(): Figure[] {
  const mesh = new Mesh(CLUSTERS, SEED);
  mesh.run(1000);
  const floods = Array.from({ length: RECORDS }, (_, n) => mesh.flood(n * 7 % CLUSTERS));
  const messages = floods.reduce((sum, flood) => sum + flood.messages, 0) / RECORDS / CLUSTERS;
  const cpuMs = floods.reduce((sum, flood) => sum + flood.cpuMs, 0);
  const start = new Mesh(STARTING, SEED).start();
  return [
    { figure: "clusters", value: CLUSTERS, unit: "of degree 8", aim: "" },
    { figure: "one record, mean to a cluster", value: mean(floods.map(({ meanMs }) => meanMs)), unit: "ms", aim: "" },
    { figure: "one record, to the last cluster", value: mean(floods.map(({ lastMs }) => lastMs)), unit: "ms", aim: "" },
    {
      figure: "one record, the worst of a hundred",
      value: Math.max(...floods.map(({ lastMs }) => lastMs)),
      unit: "ms",
      aim: "≤ 1000",
    },
    { figure: "messages a record and cluster", value: messages, unit: "messages", aim: "" },
    { figure: "processor time a record and cluster", value: cpuMs * 1000 / RECORDS / CLUSTERS, unit: "µs", aim: "" },
    { figure: "all of 250 start at once, until all are equal", value: start.virtualMs, unit: "ms", aim: "≤ 5000" },
    { figure: "the same, processor time", value: start.cpuMs, unit: "ms", aim: "" },
    { figure: "… a record and cluster", value: start.cpuMs * 1000 / STARTING / STARTING / 2, unit: "µs", aim: "" },
  ];
}

/** A random regular mesh on a clock of its own. */
class Mesh {
  readonly #size: number;
  readonly #databases: RecordDatabase[] = [];
  readonly #heap = new EventHeap();
  readonly #random: (bound: number) => number;
  readonly #shared = new Map<string, SealedRecord>();
  #now = 0;
  #messages = 0;
  /** Who was told of what is being flooded, and when. */
  readonly #arrivals = new Map<number, number>();

  constructor(size: number, seed: number) {
    this.#size = size;
    this.#random = createRandom(seed);
    const delays = new Map<number, number>();
    const neighbours = this.#randomEdges();
    for (let n = 0; n < this.#size; n++) this.#databases.push(this.#create(n, delays));
    for (const [a, peers] of neighbours.entries()) {
      for (const b of peers) {
        const edge = Math.min(a, b) * this.#size + Math.max(a, b);
        if (!delays.has(edge)) delays.set(edge, DELAY_MS[0] + this.#random(DELAY_MS[1] - DELAY_MS[0] + 1));
        this.#databases[a].adjacencyUp(nameOf(b));
      }
    }
  }

  run(ms: number): void {
    const until = this.#now + ms;
    this.#runWhile(() => this.#heap.nextAt <= until);
    this.#now = until;
  }

  /** Has one cluster write a record, and waits until all have it and the mesh is quiet. */
  flood(from: number): { meanMs: number; lastMs: number; messages: number; cpuMs: number } {
    this.#arrivals.clear();
    this.#messages = 0;
    const startedAt = cpuNowMs();
    const at = this.#now;
    this.#databases[from].originate("topology", 0, this.#body(), LIFETIME_MS);
    this.run(5000);
    const took = [...this.#arrivals.values()].map((arrival) => arrival - at);
    if (took.length < this.#size) {
      throw new Error(`Cannot flood: only ${took.length} clusters have the record after 5 s`);
    }
    const cpuMs = cpuNowMs() - startedAt;
    return { meanMs: mean(took), lastMs: Math.max(...took), messages: this.#messages, cpuMs };
  }

  /** Has every cluster write one record of each kind, and waits until all databases are equal. */
  start(): { virtualMs: number; cpuMs: number } {
    const startedAt = cpuNowMs();
    for (const database of this.#databases) {
      database.originate("topology", 0, this.#body(), LIFETIME_MS);
      database.originate("interest", 0, this.#body(), LIFETIME_MS);
    }
    while (!this.#databases.every(({ counts }) => counts.records === 2 * this.#size)) {
      this.run(100);
      if (this.#now > 60_000) throw new Error("Cannot start the mesh: databases differ after a minute");
    }
    return { virtualMs: this.#now, cpuMs: cpuNowMs() - startedAt };
  }

  #create(n: number, delays: ReadonlyMap<number, number>): RecordDatabase {
    const world: World = {
      now: () => this.#now,
      after: (delayMs, run) => this.#heap.push(this.#now + delayMs, run),
      randomInteger: (bound) => this.#random(bound),
    };
    return new RecordDatabase({
      world,
      self: nameOf(n),
      epoch: 2 ** 32 + n,
      send: (peer, payload) => {
        this.#messages++;
        if (this.#random(1000) < LOSS_PERMILLE) return;
        const to = Number(peer.slice(1));
        const delayMs = delays.get(Math.min(n, to) * this.#size + Math.max(n, to))!;
        this.#heap.push(this.#now + delayMs, () => this.#databases[to].receive(nameOf(n), payload));
      },
      persist: (_records, _removed, done) => void this.#heap.push(this.#now + 2, () => done(undefined)),
      onInstalled: () => void this.#arrivals.set(n, this.#now),
      onPurged: () => {},
      onNotice: ({ code, detail }) => {
        throw new Error(`${code}: ${detail}`);
      },
    }, { share: (sealed) => this.#share(sealed) });
  }

  #share(sealed: SealedRecord): SealedRecord {
    const name = `${sealed.origin} ${sealed.kind} ${sealed.version}`;
    const known = this.#shared.get(name);
    if (known === undefined) this.#shared.set(name, sealed);
    return known ?? sealed;
  }

  #body(): Uint8Array {
    return new Uint8Array(BODY_BYTES).map(() => this.#random(256));
  }

  /** A ring, so that all are connected, and random chords up to the degree. */
  #randomEdges(): Set<number>[] {
    const neighbours = Array.from({ length: this.#size }, () => new Set<number>());
    const join = (a: number, b: number) => {
      neighbours[a].add(b);
      neighbours[b].add(a);
    };
    for (let n = 0; n < this.#size; n++) join(n, (n + 1) % this.#size);
    for (let tries = 0; tries < this.#size * DEGREE * 2; tries++) {
      const [a, b] = [this.#random(this.#size), this.#random(this.#size)];
      if (a !== b && neighbours[a].size < DEGREE && neighbours[b].size < DEGREE) join(a, b);
    }
    return neighbours;
  }

  #runWhile(goesOn: () => boolean): void {
    while (goesOn()) {
      const event = this.#heap.pop();
      this.#now = event.at;
      event.run?.();
    }
  }
}

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Events by time, then by the order in which they were set. */
class EventHeap {
  readonly #events: Event[] = [];
  #order = 0;

  get nextAt(): number {
    return this.#events.length === 0 ? Infinity : this.#events[0].at;
  }

  /** The answer cancels. */
  push(at: number, run: () => void): () => void {
    const event: Event = { at, order: this.#order++, run };
    const events = this.#events;
    let place = events.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, events[parent])) break;
      events[place] = events[parent];
      place = parent;
    }
    events[place] = event;
    return () => event.run = undefined;
  }

  pop(): Event {
    const events = this.#events;
    const first = events[0];
    const last = events.pop()!;
    if (events.length === 0) return first;
    let place = 0;
    for (;;) {
      let least = 2 * place + 1;
      if (least >= events.length) break;
      if (least + 1 < events.length && isBefore(events[least + 1], events[least])) least++;
      if (!isBefore(events[least], last)) break;
      events[place] = events[least];
      place = least;
    }
    events[place] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Mulberry32 as integers below a bound. */
function createRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * bound);
  };
}

/** Processor time of this process: figures in it do not depend on what else the machine does. */
function cpuNowMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function nameOf(n: number): string {
  return `c${n}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
