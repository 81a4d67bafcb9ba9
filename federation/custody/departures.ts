/**
 * Finds the destinations of this cluster's own events, in the order of the log, once each: the set, with the group picks
 * and the `previous` numbers, is durable before the first copy leaves, and a restart reads it instead of matching again.
 */

import type { CloudEvent, StateChange, StoredEvent } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { Books } from "../ledger/books.ts";
import type { Lane } from "../link/codec/mod.ts";
import type { World } from "../world.ts";
import { OwnRuns, type Wanted } from "./own_runs.ts";
import { custodyKey, encodeRuns } from "./run_document.ts";
import type { CustodyDocument, Run, Shipment } from "./shipment.ts";

export interface DeparturesParts {
  readonly world: World;
  readonly self: string;
  readonly log: CustodyLog;
  readonly books: Books;
  /** Where an own event has to go: what `explain` asks, too. */
  readonly destinationsOf: (topic: string, event: () => CloudEvent) => Wanted;
  /** What custody has to do for an event that is not meant to be in it; `undefined`: it is. */
  readonly leftToCustody?: (event: StoredEvent) => Wanted | undefined;
  /** Nobody elsewhere wants anything: nothing has to be matched. */
  readonly nobodyElsewhere: () => boolean;
  readonly travels: (event: StoredEvent) => boolean;
  readonly laneOf: (topic: string) => Lane;
  readonly newMark: () => string;
  readonly onShipment: (shipment: Shipment) => void;
  /** Every own event up to this position has its destinations. */
  readonly onDispatched?: (position: number) => void;
  readonly onError: (error: unknown) => void;
}

export const DISPATCHED_KEY = "federation/dispatched";

/** Own events that wait in memory for their destinations; past it they are read from the log. */
const PENDING_MAX = 8192;
/** Of a backlog, so many that their commit costs little of what they do; bounds how long others wait meanwhile. */
const BATCH_EVENTS = 4096;
const PAGE_BYTES = 1024 * 1024;
const RETRY_MS = 250;
/** The place is written down this often while no event leaves. */
const SAVE_EVERY_MS = 1000;

const encoder = new TextEncoder();

export class Departures {
  readonly #parts: DeparturesParts;
  #pending: StoredEvent[] = [];
  /** Everything up to here has its destinations. */
  #dispatched = 0;
  /** Everything up to here is in `#pending` or behind it. */
  #gathered = 0;
  #saved = 0;
  #held = true;
  #busy = false;
  #saving = false;
  #stopped = false;
  #committing: readonly Run[] = [];
  readonly counts = { events: 0, pairs: 0 };

  constructor(parts: DeparturesParts) {
    this.#parts = parts;
    parts.log.onAppend((events) => this.#gather(events));
  }

  /** Runs that are in the books, and whose document is being written. */
  get committing(): readonly Run[] {
    return this.#committing;
  }

  /** Position up to which every own event has its destinations. */
  get dispatched(): number {
    return this.#dispatched;
  }

  get held(): boolean {
    return this.#held;
  }

  /**
   * Goes on after a position; nothing leaves before `release()`. Without one this is the first run: what is in the log
   * stays here. That is written down at once, or a crash would leave more behind.
   */
  start(after: number | undefined): void {
    const { log, onError } = this.#parts;
    const place = this.#dispatched = this.#saved = this.#gathered = after ?? log.head;
    if (after === undefined) log.commit([], [placeOf(place)], (error) => error !== undefined && onError(error));
  }

  /** What others want is known: events may leave. */
  release(): void {
    this.#held = false;
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
  }

  #gather(events: readonly StoredEvent[]): void {
    const first = events[0].position;
    // What came before has to be read first.
    if (this.#gathered === first - 1 && this.#pending.length < PENDING_MAX) {
      for (const event of events) if (this.#isOwn(event)) this.#pending.push(event);
      this.#gathered = events[events.length - 1].position;
    }
    this.#next();
  }

  #isOwn({ origin, audience }: StoredEvent): boolean {
    return audience === "everybody" && origin === this.#parts.self;
  }

  #next(): void {
    if (this.#busy || this.#held || this.#stopped) return;
    if (this.#pending.length > 0) return this.#dispatch();
    if (this.#gathered < this.#parts.log.head) return this.#read();
    this.#reach(this.#gathered);
  }

  #read(): void {
    this.#busy = true;
    const after = this.#gathered;
    this.#parts.log.read({ after, eventsMax: BATCH_EVENTS, bytesMax: PAGE_BYTES }, (error, events) => {
      this.#busy = false;
      if (error !== undefined) {
        this.#parts.onError(error);
        this.#parts.world.after(RETRY_MS, () => this.#next());
        return;
      }
      if (this.#gathered === after) {
        for (const event of events) if (this.#isOwn(event)) this.#pending.push(event);
        this.#gathered = events.at(-1)?.position ?? this.#parts.log.head;
      }
      this.#next();
    });
  }

  #dispatch(): void {
    const batch = firstOfOneEpoch(this.#pending, BATCH_EVENTS);
    this.#pending = this.#pending.slice(batch.length);
    const last = this.#pending.length > 0 ? batch[batch.length - 1].position : this.#gathered;
    const runs = this.#parts.nobodyElsewhere() ? [] : this.#toRuns(batch);
    if (runs.length === 0) {
      this.#reach(last);
      return this.#next();
    }
    this.#busy = true;
    this.#commit(runs, last);
  }

  /** Nothing leaves before this is durable; while it cannot be, it is tried again. */
  #commit(runs: readonly Run[], last: number): void {
    const { log, books, newMark, onError, world } = this.#parts;
    this.#committing = runs;
    const first = runs[0].position;
    const key = custodyKey(newMark(), first);
    const touched = new Set(
      runs.flatMap(({ destinations, epoch }) => destinations.map(({ cluster }) => books.of(cluster, epoch))),
    );
    const changes: StateChange[] = [
      { key, value: encodeRuns(runs, first) },
      placeOf(last),
      ...[...touched].map((book) => book.toAssignedChange()),
    ];
    log.commit([], changes, (error) => {
      if (error !== undefined) {
        onError(error);
        world.after(RETRY_MS, () => this.#stopped || this.#commit(runs, last));
        return;
      }
      this.#busy = false;
      this.#committing = [];
      this.#saved = last;
      this.#leave(runs, key);
      this.#reach(last);
      this.#next();
    });
  }

  #leave(runs: readonly Run[], key: string): void {
    const lastRun = runs[runs.length - 1];
    const open = runs.reduce((sum, { count, destinations }) => sum + count * destinations.length, 0);
    const last = lastRun.position + lastRun.count - 1;
    const document: CustodyDocument = { key, first: runs[0].position, last, open, owed: false };
    const names = new Set(runs.flatMap(({ destinations }) => destinations.map(({ cluster }) => cluster)));
    this.#parts.books.shelve(document, lastRun.epoch, [...names]);
    for (const run of runs) this.#parts.onShipment({ ...run, document });
  }

  #toRuns(batch: readonly StoredEvent[]): readonly Run[] {
    const { books, travels, self, leftToCustody, laneOf } = this.#parts;
    const runs = new OwnRuns(self, books);
    const look = this.#finder();
    for (const event of batch) {
      if (!travels(event)) continue;
      const left = leftToCustody?.(event);
      const { wanted, lane } = left === undefined ? look(event) : { wanted: left, lane: laneOf(event.topic) };
      if (wanted.length === 0) continue;
      runs.add(event, wanted, lane);
      this.counts.events++;
      this.counts.pairs += wanted.length;
    }
    return runs.finish();
  }

  /** Finds destinations within one batch: while one topic follows itself, and only the topic counts, once. */
  #finder(): (event: StoredEvent) => { readonly wanted: Wanted; readonly lane: Lane } {
    const { destinationsOf, laneOf } = this.#parts;
    let before: { readonly topic: string; readonly wanted: Wanted; readonly lane: Lane } | undefined;
    return (event) => {
      const { topic } = event;
      if (topic === before?.topic) return before;
      let looked = false;
      const wanted = destinationsOf(topic, () => {
        looked = true;
        return event.event;
      });
      const found = { topic, wanted, lane: laneOf(topic) };
      before = looked ? undefined : found;
      return found;
    };
  }

  #reach(position: number): void {
    if (position <= this.#dispatched) return;
    this.#dispatched = position;
    this.#parts.onDispatched?.(position);
    if (this.#saving || position <= this.#saved) return;
    this.#saving = true;
    this.#parts.world.after(SAVE_EVERY_MS, () => {
      this.#saving = false;
      // A commit under way brings a later place with it, which this one must not put back.
      if (this.#stopped || this.#busy || this.#saved >= this.#dispatched) return;
      const reached = this.#saved = this.#dispatched;
      this.#parts.log.commit([], [placeOf(reached)], (error) => error !== undefined && this.#parts.onError(error));
    });
  }
}

/** Events accepted before a restart and after it do not share a document: books are kept by epoch. */
function firstOfOneEpoch(events: readonly StoredEvent[], eventsMax: number): StoredEvent[] {
  const other = events.findIndex(({ epoch }) => epoch !== events[0].epoch);
  return events.slice(0, Math.min(eventsMax, other < 0 ? events.length : other));
}

function placeOf(position: number): StateChange {
  return { key: DISPATCHED_KEY, value: encoder.encode(String(position)) };
}
