/** Follows the log for one reader: pushed new events while it keeps up, reads from the store while it lags. */

import { isForReader, type Reader } from "./audience.ts";
import type { EventStore, StoredEvent } from "./event_store.ts";
import { HeldBytes } from "./held_bytes.ts";
import { patternWants } from "./system_topics.ts";

/** Events read from the store in one go by a follower that lags: large enough to amortise, small enough to stay fair. */
const PAGE_EVENTS = 512;
const PAGE_BYTES = 1024 * 1024;
/** Pause after the store could not be read. */
const RETRY_MS = 1000;

export interface LogFollowerOptions {
  readonly pattern: string;
  /** Who reads: an event that came for others is passed over. Default a reader of its own. */
  readonly reader?: Reader;
  /** First position judged is `after + 1`. */
  readonly after: number;
  /** Whether the filters hold; asked once per event whose topic fits the pattern. Must not throw. */
  readonly accepts: (event: StoredEvent) => boolean;
  /** Events and bytes held for the reader; past either the follower falls back to reading the log. */
  readonly eventsMax?: number;
  readonly bytesMax?: number;
  /** Called when there is more to take; must be cheap, for it is called with each event. */
  readonly onReady: () => void;
  /** Called when the store cannot be read; the follower tries again on its own after the delay that it was given. */
  readonly onError?: (error: unknown) => void;
  /** Whether the reader asks `takeGap()` before `take()`, which then stops at each gap. Default no. */
  readonly tellsGaps?: boolean;
  /** Gaps up to here are not told: the reader knows, or does not mind. Default `after`. */
  readonly toldTo?: number;
  /** Called with the number of events that came since it follows and were retired before it, lagging, had read them. */
  readonly onLost?: (events: number) => void;
}

/**
 * Positions among which events of the pattern are missing: they were retired before the follower got there. Some of them
 * may have been for other readers only.
 */
export interface LogGap {
  readonly from: number;
  readonly to: number;
}

/** What a follower needs of the dispatcher that feeds it. */
export interface LogFeed {
  readonly store: Pick<EventStore, "read" | "retiredTo">;
  /** Every position up to here was offered to the followers that are live. */
  readonly position: number;
  /** Calls `run` after `delayMs`; the answer cancels. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * Memory is bounded whatever the lag: at most `eventsMax` events and `bytesMax` bytes, and one page more while reading.
 * Order: `take()` gives matching events by position, each once.
 */
export class LogFollower {
  readonly pattern: string;
  readonly #feed: LogFeed;
  readonly #options: LogFollowerOptions;
  readonly #reader: Reader;
  readonly #eventsMax: number;
  readonly #bytesMax: number;
  #buffer: StoredEvent[] = [];
  #taken = 0; // entries of #buffer that were handed out
  readonly #held = new HeldBytes();
  #scanned: number;
  #live = false;
  #reading = false;
  #closed = false;
  #cancelRetry: (() => void) | undefined;
  #gaps: LogGap[] = [];
  #gapTo: number; // up to here gaps have been told
  // Events of the pattern that came while it lagged, from #lagFrom on, and those of them that it has met in the log.
  #lagFrom: number;
  #offered = 0;
  #met = 0;
  #started = false; // before, nothing is offered

  constructor(feed: LogFeed, options: LogFollowerOptions) {
    this.#feed = feed;
    this.#options = options;
    this.pattern = options.pattern;
    this.#reader = options.reader ?? {};
    this.#scanned = options.after;
    this.#gapTo = options.toldTo ?? options.after;
    this.#lagFrom = feed.position;
    this.#eventsMax = options.eventsMax ?? 1000;
    this.#bytesMax = options.bytesMax ?? 4 * 1024 * 1024;
  }

  /** Everything up to here was judged and handed out: a reader that starts again after it misses nothing. */
  get consumed(): number {
    return this.#taken < this.#buffer.length ? this.#buffer[this.#taken].position - 1 : this.#judged;
  }

  /** Whether new events are pushed to it, that is whether it keeps up. */
  get live(): boolean {
    return this.#live;
  }

  get buffered(): number {
    return this.#buffer.length - this.#taken;
  }

  /**
   * Events of the log that it has yet to read: those that came while it follows are counted by topic, of the others every
   * position. What filters will stop, or was retired meanwhile, is counted too; 0 and exact while it is live.
   */
  get unread(): number {
    if (this.#live) return 0;
    const countedFrom = this.#started && !this.#closed ? this.#lagFrom : this.#feed.position;
    const counted = this.#closed ? 0 : Math.max(0, this.#offered - this.#met);
    return Math.max(0, countedFrom - this.#scanned) + counted;
  }

  /** Begins to follow. Separate from the constructor so that `onReady` never runs before the owner is built. */
  start(): void {
    this.#started = true;
    this.#lag(this.#feed.position);
    void this.#catchUp();
  }

  /** The next events, at most `eventsMax`; empty when there are none now (`onReady` will tell). */
  take(eventsMax: number): StoredEvent[] {
    const end = Math.min(this.#endBeforeGap(), this.#taken + eventsMax);
    const events = this.#buffer.slice(this.#taken, end);
    for (const event of events) this.#held.remove(event);
    // Taken while the dispatcher is still offering it to others: its own position moves on only after that.
    if (this.#live && events.length > 0) this.#scanned = Math.max(this.#scanned, events[events.length - 1].position);
    this.#taken = end;
    if (this.#taken === this.#buffer.length) {
      this.#buffer = [];
      this.#taken = 0;
    } else if (this.#taken >= this.#eventsMax) {
      this.#buffer = this.#buffer.slice(this.#taken);
      this.#taken = 0;
    }
    if (!this.#live && !this.#reading) void this.#catchUp();
    return events;
  }

  /** What is missing before the next event of `take()`, told once; `take()` does not go past it before. */
  takeGap(): LogGap | undefined {
    const gap = this.#gaps[0];
    if (gap === undefined || (this.#buffer[this.#taken]?.position ?? Infinity) < gap.from) return undefined;
    return this.#gaps.shift();
  }

  /** A new event of the log that fits the pattern; called in order by the dispatcher. */
  offer(event: StoredEvent): void {
    if (!isForReader(event.audience, this.#reader)) return;
    if (this.#live && event.position <= this.#scanned) return; // read from the store just before
    if (this.#live && !this.#hasRoom) {
      this.#live = false;
      this.#scanned = event.position - 1;
      this.#lag(event.position - 1);
    }
    if (!this.#live) {
      if (event.position > this.#lagFrom) this.#offered++;
      return;
    }
    if (!this.#options.accepts(event)) return;
    this.#push(event);
    this.#options.onReady();
  }

  /** Starts again after position `after`, forgetting what is buffered. */
  seek(after: number): void {
    this.#buffer = [];
    this.#taken = 0;
    this.#held.clear();
    this.#live = false;
    this.#scanned = this.#gapTo = after;
    this.#gaps = [];
    this.#lag(this.#feed.position);
    if (!this.#reading) void this.#catchUp();
  }

  close(): void {
    this.#scanned = this.consumed;
    this.#closed = true;
    this.#live = false;
    this.#buffer = [];
    this.#gaps = [];
    this.#taken = 0;
    this.#held.clear();
    this.#cancelRetry?.();
  }

  get #judged(): number {
    return this.#live ? Math.max(this.#feed.position, this.#scanned) : this.#scanned;
  }

  get #hasRoom(): boolean {
    return this.buffered < this.#eventsMax && this.#held.bytes < this.#bytesMax;
  }

  async #catchUp(): Promise<void> {
    if (this.#reading || this.#closed || this.#live || this.#cancelRetry !== undefined) return;
    this.#reading = true;
    try {
      while (!this.#closed && this.#hasRoom) {
        if (this.#scanned >= this.#feed.position) {
          this.#live = true;
          if (this.#offered > this.#met) this.#options.onLost?.(this.#offered - this.#met);
          return;
        }
        await this.#readPage();
      }
    } catch (error) {
      if (!this.#closed) this.#retryLater(error);
    } finally {
      this.#reading = false;
    }
  }

  #retryLater(error: unknown): void {
    this.#options.onError?.(error);
    this.#cancelRetry = this.#feed.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      void this.#catchUp();
    });
  }

  async #readPage(): Promise<void> {
    const after = this.#scanned;
    const end = this.#feed.position;
    const page = await this.#feed.store.read({ after, eventsMax: PAGE_EVENTS, bytesMax: PAGE_BYTES });
    if (this.#closed || this.#scanned !== after) return; // sought elsewhere meanwhile
    const before = this.buffered;
    const last = page.at(-1)?.position ?? end; // an empty page: all that was left has been retired
    if (this.#options.tellsGaps && last - after > page.length) this.#noteGap(after);
    for (const event of page) this.#judge(event);
    this.#scanned = last;
    if (before === 0 && (this.buffered > 0 || this.#gaps.length > 0)) this.#options.onReady();
  }

  #judge(event: StoredEvent): void {
    if (!isForReader(event.audience, this.#reader) || !patternWants(this.pattern, event.topic)) return;
    if (event.position > this.#lagFrom) this.#met++;
    if (this.#options.accepts(event)) this.#push(event);
  }

  /** Positions are missing after `after`: a gap, unless only events of other topics were retired. */
  #noteGap(after: number): void {
    const from = Math.max(after, this.#gapTo) + 1;
    const to = this.#feed.store.retiredTo(this.pattern);
    if (to < from) return;
    this.#gapTo = to;
    const last = this.#gaps.at(-1);
    const adjoins = last !== undefined && (this.#buffer.at(-1)?.position ?? 0) < last.from; // no event in between
    if (adjoins) this.#gaps[this.#gaps.length - 1] = { from: last.from, to };
    else this.#gaps.push({ from, to });
  }

  /** Counts anew what comes after `position` and has to be read. */
  #lag(position: number): void {
    this.#lagFrom = position;
    this.#offered = this.#met = 0;
  }

  /** Index in the buffer of the first event behind the next gap. */
  #endBeforeGap(): number {
    const gap = this.#gaps[0];
    if (gap === undefined) return this.#buffer.length;
    const index = this.#buffer.findIndex(({ position }, i) => i >= this.#taken && position >= gap.from);
    return index < 0 ? this.#buffer.length : index;
  }

  #push(event: StoredEvent): void {
    this.#buffer.push(event);
    this.#held.add(event);
  }
}
