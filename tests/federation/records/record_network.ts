/** Record databases joined by links that delay, lose, repeat and reorder messages, on a clock that only tests move. */

import {
  type InstalledRecord,
  type MeshRecord,
  RecordDatabase,
  type RecordKey,
  type RecordsNotice,
  type RecordsOptions,
} from "../../../federation/routing/records/mod.ts";
import type { World } from "../../../federation/world.ts";
import { seededRandom } from "../../support/seeded_random.ts";

export interface NetworkOptions {
  readonly seed?: number;
  readonly delayMs?: readonly [least: number, most: number];
  /** In 1/1000. */
  readonly lossPermille?: number;
  readonly repeatPermille?: number;
  /** How long a `persist` takes. */
  readonly persistMs?: number;
  /** Neighbours tell each other their roots, four times a second. */
  readonly hellos?: boolean;
  readonly records?: Partial<RecordsOptions>;
}

/** A database and everything that it told. */
export interface Member {
  readonly name: string;
  readonly db: RecordDatabase;
  readonly installed: InstalledRecord[];
  readonly purged: MeshRecord[];
  readonly notices: RecordsNotice[];
  /** Documents by key. */
  readonly disk: Map<string, MeshRecord>;
  readonly synced: string[];
  /** Messages that it sent, by peer. */
  readonly sent: { readonly to: string; readonly payload: Uint8Array }[];
  /** A `persist` fails while it is set. */
  diskError: Error | undefined;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const HELLO_MS = 250;

export class RecordNetwork {
  readonly members = new Map<string, Member>();
  readonly #options: Required<NetworkOptions>;
  readonly #random;
  readonly #timers: Timer[] = [];
  readonly #edges = new Map<string, readonly [string, string]>();
  #now = 0;
  #order = 0;
  /** Set to 0 to heal the network. */
  lossPermille: number;

  constructor(options: NetworkOptions = {}) {
    this.#options = {
      seed: 1,
      delayMs: [5, 5],
      lossPermille: 0,
      repeatPermille: 0,
      persistMs: 3,
      hellos: true,
      records: {},
      ...options,
    };
    this.#random = seededRandom(this.#options.seed);
    this.lossPermille = this.#options.lossPermille;
  }

  get now(): number {
    return this.#now;
  }

  /** Adds a member; one of the same name that was there before is stopped. */
  add(name: string, { counter = 1, disk = new Map<string, MeshRecord>() } = {}): Member {
    this.members.get(name)?.db.stop();
    const epoch = counter * 2 ** 32 + this.#random.integer(0, 2 ** 32 - 1);
    const member: Omit<Member, "db"> = {
      name,
      disk,
      installed: [],
      purged: [],
      notices: [],
      synced: [],
      sent: [],
      diskError: undefined,
    };
    const db = new RecordDatabase({
      world: this.#world(),
      self: name,
      epoch,
      send: (to, payload) => {
        member.sent.push({ to, payload });
        this.#carry(name, to, payload);
      },
      persist: (records, removed, done) => {
        this.#after(this.#options.persistMs, () => {
          if (member.diskError === undefined) {
            for (const key of removed) disk.delete(keyText(key));
            for (const record of records) disk.set(keyText(record), record);
          }
          done(member.diskError);
        });
      },
      onInstalled: (records) => void member.installed.push(...records),
      onPurged: (records) => void member.purged.push(...records),
      onNotice: (notice) => void member.notices.push(notice),
      onSynced: (peer) => void member.synced.push(peer),
    }, this.#options.records);
    db.load([...disk.values()]);
    const whole = Object.assign(member, { db });
    this.members.set(name, whole);
    return whole;
  }

  /** Joins two members; they exchange HELLOs with their roots from then on. */
  link(a: string, b: string): void {
    this.#edges.set(edgeName(a, b), [a, b]);
    this.members.get(a)!.db.adjacencyUp(b);
    this.members.get(b)!.db.adjacencyUp(a);
    if (this.#options.hellos) this.#after(HELLO_MS, () => this.#hello(a, b));
  }

  cut(a: string, b: string): void {
    this.#edges.delete(edgeName(a, b));
    this.members.get(a)!.db.adjacencyDown(b);
    this.members.get(b)!.db.adjacencyDown(a);
  }

  /** Runs everything that is due within a time. */
  run(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > until) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }

  /** Lets time pass in which nobody gets to run, as when a process is paused. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  /** Runs until the databases are equal; the answer is how long that took, or `undefined` if it was longer than `ms`. */
  runUntilEqual(ms: number): number | undefined {
    const from = this.#now;
    while (this.#now - from < ms) {
      this.run(10);
      if (this.isEqual()) return this.#now - from;
    }
    return undefined;
  }

  isEqual(): boolean {
    return new Set([...this.members.values()].map(({ db }) => contents(db))).size === 1;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (let i = this.#timers.length - 1; i >= 0; i--) {
      const timer = this.#timers[i];
      if (timer.cancelled) this.#timers.splice(i, 1);
      else if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }

  #world(): World {
    return {
      now: () => this.#now,
      after: (delayMs, run) => this.#after(delayMs, run),
      randomInteger: (bound) => this.#random.integer(0, bound - 1),
    };
  }

  #after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + delayMs, order: this.#order++, run, cancelled: false };
    this.#timers.push(timer);
    return () => void (timer.cancelled = true);
  }

  #carry(from: string, to: string, payload: Uint8Array): void {
    const copies = this.#random.integer(1, 1000) <= this.#options.repeatPermille ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random.integer(1, 1000) <= this.lossPermille) continue;
      // Messages overtake each other wherever delays differ.
      this.#after(this.#random.integer(...this.#options.delayMs), () => {
        if (this.#edges.has(edgeName(from, to))) this.members.get(to)?.db.receive(from, payload.slice());
      });
    }
  }

  #hello(a: string, b: string): void {
    if (!this.#edges.has(edgeName(a, b))) return;
    this.members.get(a)!.db.compareRoot(b, this.members.get(b)!.db.root);
    this.members.get(b)!.db.compareRoot(a, this.members.get(a)!.db.root);
    this.#after(HELLO_MS, () => this.#hello(a, b));
  }
}

/** All live records of a database as text, without lifetimes. */
export function contents(db: RecordDatabase): string {
  const records = [...db.list("topology"), ...db.list("interest")];
  return records.map((record) => `${keyText(record)} ${record.epoch}.${record.version} ${textOf(record)}`).sort()
    .join("\n");
}

export function keyText({ origin, kind, shard }: RecordKey): string {
  return `${origin}/${kind}/${shard}`;
}

export function bodyOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(record: MeshRecord | undefined): string | undefined {
  return record && new TextDecoder().decode(record.body);
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function edgeName(a: string, b: string): string {
  return [a, b].sort().join(" ");
}
