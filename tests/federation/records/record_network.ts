/** Record databases joined by links that delay, lose, repeat and reorder messages, on a clock that only tests move. */

import {
  type InstalledRecord,
  type MeshRecord,
  RecordDatabase,
  recordKeyText,
  type RecordsNotice,
  type RecordsOptions,
} from "../../../federation/routing/records/mod.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";
import { seal } from "../../../federation/routing/records/sealed_record.ts";
import { seededRandom } from "../../support/seeded_random.ts";

import { VirtualTime } from "./virtual_time.ts";

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
  /** What each `persist` was given. */
  readonly batches: (readonly MeshRecord[])[];
  /** Documents by key. */
  readonly disk: Map<string, MeshRecord>;
  readonly synced: string[];
  /** Messages that it sent, by peer. */
  readonly sent: { readonly to: string; readonly payload: Uint8Array }[];
  /** A `persist` fails while it is set. */
  diskError: Error | undefined;
}

const HELLO_MS = 250;

export class RecordNetwork {
  readonly members = new Map<string, Member>();
  readonly #options: Required<NetworkOptions>;
  readonly #random;
  readonly #time = new VirtualTime();
  readonly #edges = new Set<string>();
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
    return this.#time.now;
  }

  /** Adds a member; one of the same name that was there before is stopped. */
  add(name: string, { counter = 1, disk = new Map<string, MeshRecord>() } = {}): Member {
    this.members.get(name)?.db.stop();
    const epoch = counter * 2 ** 32 + this.#random.integer(0, 2 ** 32 - 1);
    const member: Omit<Member, "db"> = {
      name,
      disk,
      batches: [],
      installed: [],
      purged: [],
      notices: [],
      synced: [],
      sent: [],
      diskError: undefined,
    };
    const db = new RecordDatabase({
      world: this.#time.world(this.#random),
      self: name,
      epoch,
      send: (to, payload) => {
        member.sent.push({ to, payload });
        this.#carry(name, to, payload);
      },
      persist: (records, removed, done) => {
        this.#time.after(this.#options.persistMs, () => {
          if (member.diskError === undefined) {
            for (const record of records) disk.set(recordKeyText(record), record);
            for (const key of removed) disk.delete(recordKeyText(key));
            member.batches.push(records);
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

  /** Messages can go between two members from now on. */
  connect(a: string, b: string): void {
    this.#edges.add(edgeName(a, b));
  }

  /** Makes two members adjacent; they tell each other their roots from then on. */
  link(a: string, b: string): void {
    this.connect(a, b);
    this.members.get(a)!.db.adjacencyUp(b);
    this.members.get(b)!.db.adjacencyUp(a);
    if (this.#options.hellos) this.#time.after(HELLO_MS, () => this.#hello(a, b));
  }

  cut(a: string, b: string): void {
    this.#edges.delete(edgeName(a, b));
    this.members.get(a)!.db.adjacencyDown(b);
    this.members.get(b)!.db.adjacencyDown(a);
  }

  /** Runs everything that is due within a time. */
  run(ms: number): void {
    this.#time.run(ms);
  }

  /** Lets time pass in which nobody gets to run, as when a process is paused. */
  sleep(ms: number): void {
    this.#time.sleep(ms);
  }

  /** Runs until the databases are equal; the answer is how long that took, or `undefined` if it was longer than `ms`. */
  runUntilEqual(ms: number): number | undefined {
    const from = this.now;
    while (this.now - from < ms) {
      this.run(10);
      if (this.isEqual()) return this.now - from;
    }
    return undefined;
  }

  /** All hold the same, tombstones too, and all of it is installed. */
  isEqual(): boolean {
    const origins = [...this.members.keys()];
    const states = [...this.members.values()].map(({ db }) => {
      const versions = origins.map((origin) => [db.versionOf(origin, "topology"), db.versionOf(origin, "interest")]);
      return `${hex(db.root)} ${versions.join()} ${contents(db)}`;
    });
    return new Set(states).size === 1;
  }

  #carry(from: string, to: string, payload: Uint8Array): void {
    const copies = this.#random.integer(1, 1000) <= this.#options.repeatPermille ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random.integer(1, 1000) <= this.lossPermille) continue;
      // Messages overtake each other wherever delays differ.
      this.#time.after(this.#random.integer(...this.#options.delayMs), () => {
        if (this.#edges.has(edgeName(from, to))) this.members.get(to)?.db.receive(from, payload.slice());
      });
    }
  }

  #hello(a: string, b: string): void {
    if (!this.#edges.has(edgeName(a, b))) return;
    this.members.get(a)!.db.compareRoot(b, this.members.get(b)!.db.root);
    this.members.get(b)!.db.compareRoot(a, this.members.get(a)!.db.root);
    this.#time.after(HELLO_MS, () => this.#hello(a, b));
  }
}

/** Two members that are adjacent and quiet. */
export function pair(options: NetworkOptions = {}): { network: RecordNetwork; alice: Member; bob: Member } {
  const network = new RecordNetwork(options);
  const alice = network.add("alice");
  const bob = network.add("bob");
  network.link("alice", "bob");
  network.run(1000);
  return { network, alice, bob };
}

/** alice - bob - charlie. */
export function line(options: NetworkOptions = {}): RecordNetwork {
  const network = new RecordNetwork(options);
  for (const name of ["alice", "bob", "charlie"]) network.add(name);
  network.link("alice", "bob");
  network.link("bob", "charlie");
  return network;
}

/** Has a member hear a record from a neighbour that made it up. */
export function hear(
  member: Member,
  peer: string,
  record: {
    origin: string;
    epoch: number;
    version: number;
    body?: string;
    kind?: number;
    shard?: number;
    lifetimeMs?: number;
  },
): void {
  const { body = "made up", kind = 0, shard = 0, lifetimeMs = 1_800_000, ...rest } = record;
  const sealed = seal({ kind, shard, body: bodyOf(body), ...rest });
  const writer = new MessageWriter({ bytesMax: 32_768 });
  writer.compose((payload) => member.db.receive(peer, payload), () => writer.record(1, lifetimeMs, sealed));
}

/** All live records of a database as text, without lifetimes. */
export function contents(db: RecordDatabase): string {
  const records = [...db.list("topology"), ...db.list("interest")];
  return records.map((record) => `${recordKeyText(record)} ${record.epoch}.${record.version} ${textOf(record)}`).sort()
    .join("\n");
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
