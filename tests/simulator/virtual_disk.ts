/**
 * A store in virtual time: a commit takes as long as a sync does, commits share it, and a crash loses what was not done.
 * It can acknowledge before it syncs, be full, lose its tail, or come back as an old copy of itself.
 */

import type { CustodyLog } from "../../federation/mod.ts";
import { EVERYTHING, NeededEvents as Needs } from "../../adapters/store/needed_events.ts";
import {
  type Appended,
  type AppendEntry,
  type NeededEvents,
  type StateChange,
  type StoredEvent,
  StoreFullError,
} from "../../node/mod.ts";
import { DiskContent } from "./disk_content.ts";
import type { SimRandom } from "./sim_random.ts";
import type { Boot, VirtualHost } from "./virtual_host.ts";

export interface DiskOptions {
  readonly cluster: string;
  /** A sync takes between these. */
  readonly syncUsMin: number;
  readonly syncUsMax: number;
  /** Without: what is acknowledged may be lost in a crash for up to `syncEveryMs`. */
  readonly syncsCommits: boolean;
  readonly syncEveryMs: number;
  /** Of records; what nobody needs goes first. */
  readonly bytesMax: number;
}

/** What happens on the disk, for whoever watches the run. */
export interface DiskWatcher {
  appended(events: readonly StoredEvent[]): void;
  /** The content is another one than before: a tail was lost, or an old copy came back. */
  changed(): void;
}

interface Commit {
  readonly entries: readonly AppendEntry[];
  readonly changes: readonly StateChange[];
  readonly done: (error: unknown, appended: Appended | undefined) => void;
}

const READ_US_MAX = 300;

export class VirtualDisk {
  readonly host: VirtualHost;
  readonly options: DiskOptions;
  readonly #random: SimRandom;
  readonly #watcher: DiskWatcher;
  content = new DiskContent();
  storeId: string;
  #bootCounter = 0;
  #opened: "created" | "reopened" | "restored" = "created";
  #log: OpenLog | undefined;
  /** Every write fails as if there were no room. */
  full = false;
  /** Syncs take this many times as long. */
  slowness = 1;
  /** What somebody still needs of the log. */
  needed: () => readonly NeededEvents[] = () => EVERYTHING;

  constructor(host: VirtualHost, parts: { random: SimRandom; watcher: DiskWatcher; options: DiskOptions }) {
    this.host = host;
    this.options = parts.options;
    this.#random = parts.random;
    this.#watcher = parts.watcher;
    this.storeId = `store-${parts.random.next().toString(16)}`;
  }

  /** Opens it for a process: a new epoch that was never used before. */
  open(boot: Boot): CustodyLog {
    const epoch = ++this.#bootCounter * 2 ** 32 + this.#random.next();
    const incarnation = { epoch, storeId: this.storeId, opened: this.#opened };
    this.#opened = "reopened";
    const log = new OpenLog(this, boot, incarnation, { random: this.#random, watcher: this.#watcher });
    this.#log = log;
    boot.onEnd(() => this.#crash(log));
    return log;
  }

  /** A copy as a backup, or as a cloned machine, has it. */
  snapshot(): { readonly content: DiskContent; readonly storeId: string; readonly bootCounter: number } {
    return { content: this.content.copy(), storeId: this.storeId, bootCounter: this.#bootCounter };
  }

  /** While no process has it open: puts a copy in its place. `told`: by `weft restore`, and not behind Weft's back. */
  restore(
    { content, storeId, bootCounter }: ReturnType<VirtualDisk["snapshot"]>,
    { told }: { told: boolean },
  ): void {
    this.content = content.copy();
    this.storeId = storeId;
    this.#bootCounter = bootCounter;
    if (told) this.#opened = "restored";
    this.#watcher.changed();
  }

  /** While no process has it open: nothing is left. */
  empty(): void {
    this.content = new DiskContent();
    this.#bootCounter = 0;
    this.#opened = "created";
    this.storeId = `store-${this.#random.next().toString(16)}`;
    this.#watcher.changed();
  }

  #crash(log: OpenLog): void {
    if (this.#log === log) this.#log = undefined;
    log.crash();
    const lost = this.options.syncsCommits ? 0 : this.#random.below(this.content.undoable + 1);
    if (lost > 0) {
      this.content.undo(lost);
      this.#watcher.changed();
    }
    this.content.forgetUndo();
  }
}

class OpenLog implements CustodyLog {
  readonly incarnation: CustodyLog["incarnation"];
  readonly #disk: VirtualDisk;
  readonly #boot: Boot;
  readonly #random: SimRandom;
  readonly #watcher: DiskWatcher;
  readonly #listeners: ((events: readonly StoredEvent[]) => void)[] = [];
  #waiting: Commit[] = [];
  #underWay: readonly Commit[] = [];
  #busy = false;
  #bytes = 0;
  readonly #untilSynced: (() => void)[] = [];

  constructor(
    disk: VirtualDisk,
    boot: Boot,
    incarnation: CustodyLog["incarnation"],
    { random, watcher }: { random: SimRandom; watcher: DiskWatcher },
  ) {
    this.#disk = disk;
    this.#boot = boot;
    this.incarnation = incarnation;
    this.#random = random;
    this.#watcher = watcher;
    for (const { bytes } of disk.content.events) this.#bytes += bytes;
    if (!disk.options.syncsCommits) this.#syncSometimes();
  }

  get head(): number {
    return this.#disk.content.head;
  }

  get tail(): number {
    return this.#disk.content.tail;
  }

  get syncsCommits(): boolean {
    return this.#disk.options.syncsCommits;
  }

  whenSynced(done: () => void): void {
    if (this.syncsCommits) done();
    else this.#untilSynced.push(done);
  }

  now(): number {
    return this.#disk.host.now / 1000;
  }

  get bytesMax(): number {
    return this.#disk.options.bytesMax;
  }

  usedPermille(): number {
    const used = Math.floor(this.#bytes * 1000 / this.#disk.options.bytesMax);
    if (used < 600) return used;
    this.#trim();
    return Math.floor(this.#bytes * 1000 / this.#disk.options.bytesMax);
  }

  commit(entries: readonly AppendEntry[], changes: readonly StateChange[], done: Commit["done"]): void {
    // A store takes the values of this moment, whatever becomes of them later.
    const now = changes.map(({ key, value, atPosition }) => ({ key, value, atPosition }));
    this.#waiting.push({ entries, changes: now, done });
    if (!this.#busy) this.#sync();
  }

  read(
    options: { readonly after: number; readonly eventsMax: number; readonly bytesMax: number },
    done: (error: unknown, events: readonly StoredEvent[]) => void,
  ): void {
    this.#later(() => done(undefined, this.#disk.content.read(options)));
  }

  list(prefix: string, done: Parameters<CustodyLog["list"]>[1]): void {
    this.#later(() => done(undefined, this.#disk.content.list(prefix)));
  }

  onAppend(listener: (events: readonly StoredEvent[]) => void): void {
    this.#listeners.push(listener);
  }

  /** Each commit under way is there as a whole or not at all, and none without those before it. */
  crash(): void {
    const written = this.#random.below(this.#underWay.length + 1);
    for (const { entries, changes } of this.#underWay.slice(0, written)) this.#apply(entries, changes);
    this.#underWay = this.#waiting = [];
  }

  #later(work: () => void): void {
    this.#boot.host.after(this.#boot, 20 + this.#random.below(READ_US_MAX), work);
  }

  #sync(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    const { syncUsMin, syncUsMax } = this.#disk.options;
    this.#waiting = [];
    this.#busy = true;
    const refused = this.#disk.full;
    this.#underWay = refused ? [] : batch;
    this.#boot.host.after(this.#boot, this.#random.between(syncUsMin, syncUsMax) * this.#disk.slowness, () => {
      this.#underWay = [];
      for (const commit of batch) this.#finish(commit, refused);
      this.#busy = false;
      this.#sync();
    });
  }

  #finish({ entries, changes, done }: Commit, refused: boolean): void {
    if (!this.#boot.alive) return;
    const incoming = entries.reduce((sum, entry) => sum + (entry.record?.length ?? 0), 0);
    if (refused || (entries.length > 0 && !this.#hasRoom(incoming))) {
      const error = new StoreFullError("Cannot store event: the virtual disk is full", {
        full: "disk",
        retryAfterMs: 100,
      });
      return done(error, undefined);
    }
    const { appended, events } = this.#apply(entries, changes);
    if (events.length > 0) { for (const listener of this.#listeners) listener(events); }
    done(undefined, appended);
  }

  #apply(entries: readonly AppendEntry[], changes: readonly StateChange[]): ReturnType<DiskContent["apply"]> {
    const { cluster, syncsCommits: safe } = this.#disk.options;
    const stamp = { cluster, epoch: this.incarnation.epoch, acceptedAge: this.now() };
    const result = this.#disk.content.apply(entries, changes, stamp, { safe });
    for (const { bytes } of result.events) this.#bytes += bytes;
    if (result.events.length > 0) this.#watcher.appended(result.events);
    return result;
  }

  #hasRoom(incoming: number): boolean {
    const { bytesMax } = this.#disk.options;
    if (this.#bytes + incoming > bytesMax) this.#trim();
    return this.#bytes + incoming <= bytesMax;
  }

  #trim(): void {
    const needed = new Needs(this.#disk.needed());
    this.#bytes -= this.#disk.content.thin((event) => needed.has(event));
  }

  #syncSometimes(): void {
    this.#boot.host.after(this.#boot, this.#disk.options.syncEveryMs * 1000, () => {
      this.#disk.content.forgetUndo();
      for (const done of this.#untilSynced.splice(0)) done();
      this.#syncSometimes();
    });
  }
}
