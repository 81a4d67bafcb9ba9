/** A store for tests of the federation, in memory: it answers at once, or when a test says so, or with an error. */

import type { CustodyLog } from "../../federation/mod.ts";
import type { Appended, AppendEntry, StateChange, StateEntry, StoredEvent } from "../../node/mod.ts";
import { DiskContent } from "../simulator/disk_content.ts";
import { anEvent, type EventOverrides } from "./events.ts";

interface Commit {
  readonly entries: readonly AppendEntry[];
  readonly changes: readonly StateChange[];
  readonly done: (error: unknown, appended: Appended | undefined) => void;
}

export const FAKE_EPOCH = 3 * 2 ** 32 + 77;

export class FakeLog implements CustodyLog {
  readonly content: DiskContent;
  readonly incarnation: CustodyLog["incarnation"];
  readonly syncsCommits: boolean;
  readonly #cluster: string;
  readonly #listeners: ((events: readonly StoredEvent[]) => void)[] = [];
  readonly #waiting: Commit[] = [];
  readonly #reads: (() => void)[] = [];
  /** Commits and reads wait for `flush()`. */
  held = false;
  /** What commits fail with from now on, if anything. */
  failure: unknown;
  readFailure: unknown;
  /** The ageing clock, ms. */
  age = 0;
  permille = 0;
  bytesMax = Infinity;
  /** Changes of each commit that was asked for, in order. */
  readonly commits: { readonly entries: number; readonly changes: readonly StateChange[] }[] = [];
  /** Positions after which was read. */
  readonly reads: number[] = [];

  constructor(
    { cluster = "alice", epoch = FAKE_EPOCH, syncsCommits = true, content = new DiskContent() }: {
      cluster?: string;
      epoch?: number;
      syncsCommits?: boolean;
      content?: DiskContent;
    } = {},
  ) {
    this.#cluster = cluster;
    this.content = content;
    this.incarnation = { epoch, storeId: "store-1", opened: "created" };
    this.syncsCommits = syncsCommits;
  }

  get head(): number {
    return this.content.head;
  }

  get tail(): number {
    return this.content.tail;
  }

  /** It loses nothing, whatever it says of itself. */
  whenSynced(done: () => void): void {
    done();
  }

  now(): number {
    return this.age;
  }

  usedPermille(): number {
    return this.permille;
  }

  commit(entries: readonly AppendEntry[], changes: readonly StateChange[], done: Commit["done"]): void {
    this.commits.push({ entries: entries.length, changes });
    this.#waiting.push({ entries, changes, done });
    if (!this.held) this.flush();
  }

  read(options: Parameters<CustodyLog["read"]>[0], done: Parameters<CustodyLog["read"]>[1]): void {
    this.reads.push(options.after);
    this.#reads.push(() => done(this.readFailure, this.readFailure === undefined ? this.content.read(options) : []));
    if (!this.held) this.flush();
  }

  list(prefix: string, done: (error: unknown, entries: readonly StateEntry[]) => void): void {
    done(undefined, this.content.list(prefix));
  }

  onAppend(listener: (events: readonly StoredEvent[]) => void): void {
    this.#listeners.push(listener);
  }

  /** Answers what waits now. */
  flush(): void {
    for (const { entries, changes, done } of this.#waiting.splice(0)) {
      if (this.failure !== undefined) {
        done(this.failure, undefined);
        continue;
      }
      const stamp = { cluster: this.#cluster, epoch: this.incarnation.epoch, acceptedAge: this.age };
      const { appended, events } = this.content.apply(entries, changes, stamp);
      if (events.length > 0) { for (const listener of this.#listeners) listener(events); }
      done(undefined, appended);
    }
    for (const read of this.#reads.splice(0)) read();
  }

  /** Own events, durable at once, one commit each. */
  append(...events: readonly (EventOverrides & { readonly ttlMs?: number })[]): void {
    for (const { ttlMs = 0, ...overrides } of events) {
      const event = anEvent(overrides);
      const stamp = { cluster: this.#cluster, epoch: this.incarnation.epoch, acceptedAge: this.age };
      const stored = this.content.apply([{ event, topic: String(event.attributes.type), ttlMs }], [], stamp).events;
      for (const listener of this.#listeners) listener(stored);
    }
  }

  /** The text of a document. */
  text(key: string): string | undefined {
    const value = this.content.documents.get(key);
    return value && new TextDecoder().decode(value);
  }

  keys(prefix: string): string[] {
    return this.content.list(prefix).map(({ key }) => key);
  }
}
