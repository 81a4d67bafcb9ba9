/** In which order an ordered queue hands its events out: each origin's as it published them, one of a key at a time. */

import type { ArrivalOrder } from "../arrival_order.ts";
import { isForReader } from "../audience.ts";
import type { StoredEvent } from "../event_store.ts";
import type { LogFeed } from "../log_follower.ts";
import { patternWants } from "../system_topics.ts";
import type { DeliveryQueueOptions } from "./delivery_queue_options.ts";
import { type HeldBack, HoldBack } from "./hold_back.ts";
import type { LateArrivals } from "./late_arrivals.ts";
import type { LateRun } from "./late_index.ts";
import type { OpenEvent } from "./open_event.ts";
import { orderingKey, OrderLanes } from "./order_lanes.ts";

/** What is known of how events came to this cluster; without it they came from here, in the order of the log. */
export interface Arrivals {
  readonly order: ArrivalOrder;
  readonly late: LateArrivals;
}

/** What is asked of the queue. */
export interface OrderedQueue {
  /** See `HoldBackParts`. */
  readonly isUnread: (position: number) => boolean;
  readonly hasRoom: (events: number) => boolean;
  readonly open: (stored: StoredEvent) => OpenEvent;
  readonly isOpen: (entry: OpenEvent) => boolean;
  /** It is the first of its key, and may be delivered once its time has come. */
  readonly onFirst: (entry: OpenEvent) => void;
  readonly onReady: () => void;
}

/** Pause after the log could not be read. */
const RETRY_MS = 1000;
const PAGE_BYTES = 1024 * 1024;

export class DeliveryOrder {
  readonly #feed: LogFeed;
  readonly #options: DeliveryQueueOptions;
  readonly #queue: OrderedQueue;
  readonly #lanes = new OrderLanes();
  readonly #holdBack: HoldBack<OpenEvent> | undefined;
  #closed = false;

  constructor(feed: LogFeed, options: DeliveryQueueOptions, queue: OrderedQueue) {
    this.#feed = feed;
    this.#options = options;
    this.#queue = queue;
    const { arrivals } = options;
    if (arrivals === undefined) return;
    this.#holdBack = new HoldBack({
      ...queue,
      ...arrivals,
      read: (run, done) => void this.#read(run, done),
      openLate: (stored) => this.#wants(stored) ? this.#opened(stored) : undefined,
      letGo: (entry) => this.#letGo(entry),
    });
  }

  /** To be called before anything after a position of the log is taken in. Rejects when the log cannot be read. */
  async prepare(after: number): Promise<void> {
    await this.#options.arrivals?.late.prepare(after);
  }

  /** Takes in an event that was read; whether it may be delivered at once. If not, `onFirst` will tell. */
  enter(entry: OpenEvent, stored: StoredEvent): boolean {
    entry.key = orderingKey(stored.event);
    const holdBack = this.#holdBackFor(stored);
    if (holdBack === undefined || holdBack.enter(entry, stored)) return this.#enterLane(entry);
    entry.state = "held";
    return false;
  }

  /** Takes in an event that was open before a restart; all of them before anything else. */
  restore(entry: OpenEvent, stored: StoredEvent): void {
    entry.key = orderingKey(stored.event);
    const holdBack = this.#holdBackFor(stored);
    if (holdBack === undefined) return void this.#enterLane(entry);
    entry.state = "held";
    holdBack.keep(entry, stored);
  }

  /** An event is not open any more; answers the position of the one that is the first of its key now, if there is another. */
  leave({ key, position }: OpenEvent): number | undefined {
    return key === undefined ? undefined : this.#lanes.leave(key, position);
  }

  /** Lets go what was held back and is the next now. */
  look(): void {
    this.#holdBack?.look();
  }

  get heldBack(): HeldBack | undefined {
    return this.#holdBack?.heldBack;
  }

  /** The queue begins elsewhere. */
  clear(): void {
    this.#holdBack?.clear();
  }

  close(): void {
    this.#closed = true;
    this.#holdBack?.close();
  }

  #holdBackFor(stored: StoredEvent): HoldBack<OpenEvent> | undefined {
    const isOwn = stored.audience === "everybody";
    return !isOwn && this.#options.arrivals?.order.hasPlace(stored) ? this.#holdBack : undefined;
  }

  #wants(stored: StoredEvent): boolean {
    const { reader = {}, pattern, accepts } = this.#options;
    return isForReader(stored.audience, reader) && patternWants(pattern, stored.topic) && accepts(stored);
  }

  #opened(stored: StoredEvent): OpenEvent {
    const entry = this.#queue.open(stored);
    entry.key = orderingKey(stored.event);
    return entry;
  }

  #letGo(entry: OpenEvent): void {
    if (this.#queue.isOpen(entry) && this.#enterLane(entry)) this.#queue.onFirst(entry);
  }

  #enterLane(entry: OpenEvent): boolean {
    if (this.#lanes.enter(entry.key!, entry.position)) return true;
    entry.state = "blocked";
    return false;
  }

  async #read(run: LateRun, done: (events: readonly StoredEvent[]) => void): Promise<void> {
    const { position, sequences: { length: eventsMax } } = run;
    try {
      const page = await this.#feed.store.read({ after: position - 1, eventsMax, bytesMax: PAGE_BYTES });
      done(page.filter((stored) => stored.position < position + eventsMax));
    } catch (error) {
      if (this.#closed) return;
      this.#options.onError(error);
      this.#feed.after(RETRY_MS, () => void this.#read(run, done));
    }
  }
}
