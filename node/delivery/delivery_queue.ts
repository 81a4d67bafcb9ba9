/** What one subscription, or one group of them, has yet to get: taken from the log, tried, settled, and nothing forgotten. */

import { isExpired } from "../accept/time_to_live.ts";
import type { Clock } from "../clock.ts";
import type { DeadLetter } from "../dead_letters.ts";
import type { Dispatcher } from "../dispatcher.ts";
import type { StateChange, StoredEvent } from "../event_store.ts";
import { HeldBytes } from "../held_bytes.ts";
import { LogFollower } from "../log_follower.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveryQueueOptions } from "./delivery_queue_options.ts";
import { HOLD_MS, newOpenEvent, type OpenEvent, REOPEN_MS, toQueueState } from "./open_event.ts";
import { orderingKey, OrderLanes } from "./order_lanes.ts";
import { type Ending, QueueJournal } from "./queue_journal.ts";
import { type QueueMember, QueueMembers } from "./queue_members.ts";
import { RedrivenCopies } from "./redriven_copies.ts";
import { type DeliveryCounts, emptyCounts, encodeQueueState, type QueueState } from "./queue_state.ts";
import { SettledAhead } from "./settled_ahead.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** Bytes of events held by one queue; past it events that wait are read again from the log. */
const HELD_BYTES_MAX = 8 * 1024 * 1024;
/** Behind another event of their key, so that one key does not take the memory of all. */
const HELD_BLOCKED_BYTES_MAX = HELD_BYTES_MAX / 4;

export class DeliveryQueue {
  readonly counts: DeliveryCounts;
  readonly #feed: Dispatcher;
  readonly #options: DeliveryQueueOptions;
  readonly #follower: LogFollower;
  readonly #journal: QueueJournal | undefined;
  readonly #copies: RedrivenCopies;
  readonly #entries = new Map<number, OpenEvent>();
  readonly #ready: OpenEvent[] = [];
  readonly #room: WaitingRoom;
  readonly #lanes: OrderLanes | undefined;
  readonly #ahead: SettledAhead;
  readonly #members = new QueueMembers();
  readonly #held = new HeldBytes();
  #taken = 0;
  #savedAt: number; // how far it had come in the log when it was last written
  #closed = false;

  constructor(feed: Dispatcher, clock: Clock, options: DeliveryQueueOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#lanes = options.ordered ? new OrderLanes() : undefined;
    const saved = typeof options.from === "number" ? undefined : options.from;
    this.counts = saved === undefined ? emptyCounts() : { ...saved.counts };
    this.#ahead = new SettledAhead(saved?.ahead);
    this.#follower = new LogFollower(feed, {
      pattern: options.pattern,
      reader: options.reader,
      after: saved?.scanned ?? options.from as number,
      accepts: (event) => this.#accepts(event),
      onReady: () => this.#wake(),
      onError: options.onError,
      onLost: (events) => this.counts.evicted += events,
      tellsGaps: options.onGap !== undefined,
      toldTo: options.toldTo,
    });
    this.#savedAt = this.#follower.consumed;
    this.#copies = new RedrivenCopies(feed.store, options.stateKey ?? "");
    this.#journal = options.stateKey === undefined ? undefined : new QueueJournal(feed.store, clock, {
      key: options.stateKey,
      snapshot: (endings) => this.#snapshot(endings),
      onError: options.onError,
    });
    this.#room = new WaitingRoom({
      clock,
      now: () => feed.store.now(),
      isOpen: (entry) => this.#isOpen(entry),
      onDue: (entry) => this.#letIn(entry),
      onRound: () => this.#wake(),
      onError: options.onError,
    });
    if (saved !== undefined) this.#restore(saved);
  }

  /** Begins to follow the log. An ordered queue first reads its open events, to know which keys are taken. */
  async start(): Promise<void> {
    if (this.#entries.size > 0) {
      await this.#copies.find((position) => this.#entries.has(position), this.#options.onError);
    }
    if (this.#lanes !== undefined) await this.#enterLanes(this.#lanes);
    if (this.#closed) return;
    this.#feed.attach(this.#follower);
    this.#room.start();
  }

  get pattern(): string {
    return this.#options.pattern;
  }

  /** Events that a member has and has not answered for. */
  get inFlight(): number {
    return this.#taken;
  }

  /** Times of open events that are waited for. */
  get waiting(): number {
    return this.#room.size;
  }

  /** Positions not judged yet, and open events: an upper bound of what is still to be delivered. */
  get lag(): number {
    const unjudged = this.#feed.position - this.#follower.consumed;
    return Math.max(unjudged, this.#follower.buffered) + this.#entries.size;
  }

  /** Everything up to here is settled. */
  get settledUpTo(): number {
    let lowest = this.#follower.consumed + 1;
    for (const position of this.#entries.keys()) if (position < lowest) lowest = position;
    return lowest - 1;
  }

  join(member: QueueMember): void {
    this.#members.join(member);
  }

  leave(member: QueueMember): void {
    this.#members.leave(member);
  }

  get members(): number {
    return this.#members.size;
  }

  /** The members are told when an event is settled or given back. */
  askForRoom(): void {
    this.#members.askForRoom();
  }

  /**
   * Takes what may be delivered now, at most `eventsMax`. `leaseMs`: the event comes back by itself after that time, with
   * one more failed attempt; without it the member promises to answer (`acknowledge`, `retryLater`, `settleAs`).
   */
  take(eventsMax: number, leaseMs = Infinity): Delivery[] {
    const taken: Delivery[] = [];
    while (taken.length < eventsMax && !this.#closed) {
      const entry = this.#ready.shift() ?? this.#admit(eventsMax - taken.length);
      if (entry === undefined) break;
      if (entry.state !== "ready") continue; // settled while it waited in the list
      if (isExpired(entry.stored!, this.#feed.store.now())) {
        this.#options.onExpired?.(entry.position, entry.attempts);
        this.#settle(entry, "expired");
        continue;
      }
      entry.state = "taken";
      entry.attempts++;
      this.#taken++;
      entry.deadline = leaseMs === Infinity ? Infinity : this.#feed.store.now() + leaseMs;
      if (entry.deadline !== Infinity) this.#room.put(entry, entry.deadline);
      taken.push({ stored: entry.stored!, attempt: entry.attempts });
    }
    if (taken.length > 0) this.#journal?.changed();
    return taken;
  }

  /** Settles an event for good. Late and repeated acknowledgements are fine: the event was processed. */
  acknowledge(position: number): void {
    const entry = this.#entries.get(position);
    if (entry !== undefined) this.#settle(entry, "acknowledged");
    else if (position > this.#follower.consumed && position <= this.#feed.position && this.#ahead.add(position)) {
      this.counts.acknowledged++; // handed out before a kill, and not taken again yet
      this.#journal?.changed();
    }
  }

  /** An event that is open, as it is now. */
  openAt(position: number): Readonly<OpenEvent> | undefined {
    return this.#entries.get(position);
  }

  /** Events taken from the log and not settled; everything up to `takenUpTo` was taken. */
  get open(): number {
    return this.#entries.size;
  }

  get takenUpTo(): number {
    return this.#follower.consumed;
  }

  /** Gives a taken event back, to be taken again after `delayMs`. `attempted: false` takes the attempt back as well. */
  retryLater(position: number, delayMs: number, attempted = true): void {
    const entry = this.#entries.get(position);
    if (entry === undefined || entry.state !== "taken") return;
    this.#taken--;
    if (!attempted) entry.attempts--;
    entry.state = "waiting";
    if (delayMs > HOLD_MS || this.#held.bytes > HELD_BYTES_MAX) this.#drop(entry);
    this.#room.put(entry, this.#feed.store.now() + delayMs);
    this.#journal?.changed();
    this.#members.tellOfRoom();
  }

  /** Prolongs a lease by `leaseMs` from now. */
  extend(position: number, leaseMs: number): void {
    const entry = this.#entries.get(position);
    if (entry === undefined || entry.state !== "taken" || entry.deadline === Infinity) return;
    entry.deadline = this.#feed.store.now() + leaseMs;
    this.#room.put(entry, entry.deadline);
  }

  /**
   * Settles an event together with the documents that record its end; durable when it resolves, undone if it rejects.
   * Whether it was there to be settled.
   */
  async settleAs(
    outcome: keyof DeliveryCounts,
    position: number,
    changes: readonly StateChange[],
  ): Promise<boolean> {
    const entry = this.#entries.get(position);
    if (entry === undefined || entry.state === "settling") return false;
    if (entry.state === "taken") this.#taken--;
    entry.state = "settling";
    if (this.#journal === undefined) this.#settle(entry, outcome);
    await this.#journal?.commitWith({
      changes,
      ending: { position, outcome },
      onDone: () => this.#settle(entry, outcome),
      onFailed: () => this.#reopen(entry),
    });
    return true;
  }

  /**
   * Opens a settled event again, all its attempts before it; durable together with `changes` when it resolves. One that is
   * open already stays as it is. False, and nothing is changed, when the queue is closed.
   */
  async readmit(letter: DeadLetter, changes: readonly StateChange[]): Promise<boolean> {
    const copies = await this.#copies.toKeep(letter);
    while (this.#entries.get(letter.position)?.state === "settling") await this.flush();
    if (this.#closed) return false;
    if (this.#entries.has(letter.position)) {
      await this.#feed.store.commit([], changes);
      return true;
    }
    const entry = newOpenEvent({ position: letter.position, attempts: 0, notBefore: 0 });
    this.#entries.set(entry.position, entry);
    await this.#journal?.commitWith({
      changes: [...changes, ...copies],
      onDone: () => undefined,
      onFailed: () => this.#remove(entry),
    });
    this.#room.put(entry, 0);
    return true;
  }

  /** Resolves once all that was settled is durable. */
  async flush(): Promise<void> {
    await this.#journal?.flush();
  }

  /** Has its place written if that has moved by `positionsMin`: where nothing is wanted, nothing else does. */
  savePlace(positionsMin: number): void {
    if (this.#follower.consumed - this.#savedAt >= positionsMin) this.#journal?.changed();
  }

  /** Forgets every open event and goes on after position `after`. Durable when it resolves. */
  async seek(after: number): Promise<void> {
    for (const entry of [...this.#entries.values()]) {
      this.#remove(entry);
      this.#copies.drop(entry.position, this.#options.onError);
    }
    this.#ready.length = 0;
    this.#ahead.clear();
    this.#follower.seek(after);
    this.#journal?.changed();
    await this.flush();
  }

  /** Stops; what members hold stays open and is delivered again after the next start, unless all is to be forgotten. */
  async close(options: { forget?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#room.close();
    this.#journal?.changed(); // the place in the log moves without a change when nothing there is wanted
    await this.#journal?.close(options).catch(this.#options.onError);
    this.#feed.detach(this.#follower);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What to commit so that a queue that has not started yet begins at the same place after a kill. */
  toChange(): StateChange {
    return { key: this.#options.stateKey!, value: this.#snapshot([]) };
  }

  /** What to commit, once it is closed, so that nothing is left of it. */
  toRemovals(): StateChange[] {
    const { stateKey } = this.#options;
    return stateKey === undefined ? [] : [{ key: stateKey, value: undefined }, ...this.#copies.toRemovals()];
  }

  #accepts(event: StoredEvent): boolean {
    if (this.#options.accepts(event)) return true;
    this.counts.filtered++;
    return false;
  }

  #admit(wanted: number): OpenEvent | undefined {
    while (this.#ready.length === 0) {
      const room = Math.min(wanted, this.#options.openMax - this.#entries.size);
      if (room <= 0 || this.#held.bytes > HELD_BYTES_MAX) {
        this.#members.askForRoom();
        return undefined;
      }
      const gap = this.#follower.takeGap();
      if (gap !== undefined) return void this.#options.onGap?.(gap); // it calls for the next take itself
      const page = this.#follower.take(room);
      if (page.length === 0) return undefined;
      for (const stored of page) this.#open(stored);
    }
    return this.#ready.shift();
  }

  #open(stored: StoredEvent): void {
    if (this.#ahead.delete(stored.position)) return;
    if (this.#entries.has(stored.position)) return; // a redriven one, which lay before this place and after it
    const entry = newOpenEvent({ position: stored.position, attempts: 0, notBefore: 0 });
    this.#entries.set(entry.position, entry);
    this.#hold(entry, stored);
    if (this.#enterLane(entry, stored)) this.#makeReady(entry);
    else if (this.#held.bytes > HELD_BLOCKED_BYTES_MAX) this.#drop(entry);
  }

  #enterLane(entry: OpenEvent, stored: StoredEvent): boolean {
    if (this.#lanes === undefined) return true;
    entry.key = orderingKey(stored.event);
    if (this.#lanes.enter(entry.key, entry.position)) return true;
    entry.state = "blocked";
    return false;
  }

  #isOpen(entry: OpenEvent): boolean {
    return this.#entries.get(entry.position) === entry;
  }

  #settle(entry: OpenEvent, outcome: keyof DeliveryCounts): void {
    if (!this.#isOpen(entry)) return;
    this.counts[outcome]++;
    this.#remove(entry);
    if (entry.position > this.#follower.consumed) this.#ahead.add(entry.position);
    this.#journal?.changed();
    this.#copies.drop(entry.position, this.#options.onError);
    this.#members.tellOfRoom();
  }

  /** Its end could not be written. */
  #reopen(entry: OpenEvent): void {
    if (!this.#isOpen(entry) || entry.state !== "settling") return;
    entry.state = "waiting";
    this.#room.put(entry, this.#feed.store.now() + REOPEN_MS);
  }

  #remove(entry: OpenEvent): void {
    if (!this.#isOpen(entry)) return;
    this.#entries.delete(entry.position);
    this.#drop(entry);
    if (entry.state === "taken") this.#taken--;
    entry.state = "settling";
    this.#journal?.changed();
    if (entry.key === undefined) return;
    const next = this.#lanes!.leave(entry.key, entry.position);
    const successor = next === undefined ? undefined : this.#entries.get(next);
    if (successor?.state === "blocked") {
      successor.state = "waiting";
      this.#room.put(successor, 0);
    }
  }

  /** The time of an event has come: its delay, or the lease under which a member has it, is over. */
  async #letIn(entry: OpenEvent): Promise<void> {
    if (entry.state === "taken") {
      if (entry.deadline > this.#feed.store.now()) return;
      this.#taken--;
      entry.state = "waiting";
      this.#journal?.changed();
    }
    if (entry.state !== "waiting") return;
    if (entry.stored === undefined) {
      const stored = await this.#copies.load(entry.position);
      if (entry.state !== "waiting" || !this.#isOpen(entry)) return;
      if (stored === undefined) return this.#settle(entry, "evicted");
      this.#hold(entry, stored);
    }
    if (entry.key === undefined && !this.#enterLane(entry, entry.stored!)) return; // a redriven one joins its lane last
    this.#makeReady(entry);
  }

  #makeReady(entry: OpenEvent): void {
    entry.state = "ready";
    this.#ready.push(entry);
  }

  #hold(entry: OpenEvent, stored: StoredEvent): void {
    entry.stored = stored;
    this.#held.add(stored);
  }

  #drop(entry: OpenEvent): void {
    if (entry.stored === undefined) return;
    this.#held.remove(entry.stored);
    entry.stored = undefined;
  }

  #wake(): void {
    if (!this.#closed) this.#members.wake();
  }

  #snapshot(endings: readonly Ending[]): Uint8Array {
    this.#savedAt = this.#follower.consumed;
    const ended = new Set(endings.map(({ position }) => position));
    const open = [...this.#entries.values()].filter(({ position, state }) =>
      state !== "settling" || !ended.has(position)
    );
    const ahead = this.#ahead.after(this.#follower.consumed);
    const counts = { ...this.counts };
    for (const { outcome } of endings) counts[outcome]++;
    return encodeQueueState(toQueueState(open, { scanned: this.#follower.consumed, ahead, counts }));
  }

  #restore(saved: QueueState): void {
    const open = [
      ...saved.fresh.map((position) => ({ position, attempts: 0, notBefore: 0 })),
      ...saved.tried,
    ].sort((a, b) => a.position - b.position);
    for (const tried of open) {
      this.#entries.set(tried.position, newOpenEvent(tried));
      this.#room.put(this.#entries.get(tried.position)!, tried.notBefore);
    }
  }

  async #enterLanes(lanes: OrderLanes): Promise<void> {
    for (const entry of [...this.#entries.values()]) {
      const stored = await this.#copies.load(entry.position);
      if (stored === undefined) {
        this.#settle(entry, "evicted");
        continue;
      }
      entry.key = orderingKey(stored.event);
      if (!lanes.enter(entry.key, entry.position)) entry.state = "blocked";
    }
  }
}
