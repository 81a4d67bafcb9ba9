/** What one subscription, or one group of them, has yet to get: taken from the log, tried, settled, and nothing forgotten. */

import { isExpired } from "../accept/time_to_live.ts";
import type { Clock } from "../clock.ts";
import type { DeadLetter } from "../dead_letters.ts";
import type { Dispatcher } from "../dispatcher.ts";
import type { StateChange, StoredEvent } from "../event_store.ts";
import { LogFollower } from "../log_follower.ts";
import type { Delivery } from "./delivery.ts";
import { DeliveryOrder } from "./delivery_order.ts";
import type { DeliveryQueueOptions } from "./delivery_queue_options.ts";
import type { HeldBack } from "./hold_back.ts";
import { HOLD_MS, newOpenEvent, type OpenEvent, REOPEN_MS, toQueueState } from "./open_event.ts";
import { HELD_BLOCKED_BYTES_MAX, HELD_BYTES_MAX, LATE_OPEN_MAX, OpenEvents } from "./open_events.ts";
import { type Ending, QueueJournal } from "./queue_journal.ts";
import { type QueueMember, QueueMembers } from "./queue_members.ts";
import { RedrivenCopies } from "./redriven_copies.ts";
import { type DeliveryCounts, emptyCounts, encodeQueueState, type QueueState } from "./queue_state.ts";
import { SettledAhead } from "./settled_ahead.ts";
import { WaitingRoom } from "./waiting_room.ts";

export class DeliveryQueue {
  readonly counts: DeliveryCounts;
  readonly #feed: Dispatcher;
  readonly #options: DeliveryQueueOptions;
  readonly #follower: LogFollower;
  readonly #journal: QueueJournal | undefined;
  readonly #copies: RedrivenCopies;
  readonly #entries = new OpenEvents();
  readonly #ready: OpenEvent[] = [];
  readonly #room: WaitingRoom;
  readonly #order: DeliveryOrder | undefined;
  readonly #ahead: SettledAhead;
  readonly #members = new QueueMembers();
  #taken = 0;
  #readTo: number; // every event up to here was opened, or is not wanted
  #savedAt: number; // how far it had come in the log when it was last written
  #closed = false;

  constructor(feed: Dispatcher, clock: Clock, options: DeliveryQueueOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#order = !options.ordered ? undefined : new DeliveryOrder(feed, options, {
      isUnread: (position) => position > this.#readTo && !this.#entries.has(position) && !this.#ahead.has(position),
      hasRoom: (events) => this.#hasRoom(events, options.openMax + LATE_OPEN_MAX) && !this.#ahead.isFull,
      open: (stored) => this.#entries.open(stored),
      isOpen: (entry) => this.#entries.includes(entry),
      onFirst: (entry) => this.#waitOn(entry),
      onReady: () => this.#wake(),
    });
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
    this.#savedAt = this.#readTo = this.#follower.consumed;
    this.#copies = new RedrivenCopies(feed.store, options.stateKey ?? "");
    this.#journal = options.stateKey === undefined ? undefined : new QueueJournal(feed.store, clock, {
      key: options.stateKey,
      snapshot: (endings) => this.#snapshot(endings),
      onError: options.onError,
    });
    this.#room = new WaitingRoom({
      clock,
      now: () => feed.store.now(),
      isOpen: (entry) => this.#entries.includes(entry),
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
    if (this.#order !== undefined) await this.#restoreOrder(this.#order);
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

  /** Events still to be settled: those that were taken, and those of its topics that wait in the log. */
  get lag(): number {
    return this.#entries.size + this.#follower.buffered + this.#follower.unread;
  }

  /** Whether `lag` may count what filters will stop, was retired or settled; never while the follower keeps up. */
  get lagAtMost(): boolean {
    return !this.#follower.live || Math.max(this.#entries.highest, this.#ahead.highest) > this.takenUpTo;
  }

  /** Everything up to here is settled. */
  get settledUpTo(): number {
    return this.#entries.lowest(this.#follower.consumed + 1) - 1;
  }

  /** What waits for older events of its origin, which are under way. */
  get heldBack(): HeldBack | undefined {
    return this.#order?.heldBack;
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

  /** From the log or as it was redriven, if it is still kept. */
  find(position: number): Promise<StoredEvent | undefined> {
    return this.#copies.load(position);
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
    if (delayMs > HOLD_MS || this.#entries.heldBytes > HELD_BYTES_MAX) this.#entries.drop(entry);
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
    this.#entries.add(entry);
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
    if (this.#options.arrivals !== undefined) await this.#order?.prepare(after);
    for (const entry of [...this.#entries]) {
      this.#remove(entry);
      this.#copies.drop(entry.position, this.#options.onError);
    }
    this.#ready.length = 0;
    this.#ahead.clear();
    this.#order?.clear();
    this.#follower.seek(after);
    this.#readTo = after;
    this.#journal?.changed();
    await this.flush();
  }

  /** Stops; what members hold stays open and is delivered again after the next start, unless all is to be forgotten. */
  async close(options: { forget?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#room.close();
    this.#order?.close();
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
    for (;;) {
      this.#order?.look();
      if (this.#ready.length > 0) return this.#ready.shift();
      const room = Math.min(wanted, this.#options.openMax - this.#entries.size);
      if (!this.#hasRoom(1, this.#options.openMax)) {
        this.#members.askForRoom();
        return undefined;
      }
      const gap = this.#follower.takeGap();
      if (gap !== undefined) return void this.#options.onGap?.(gap); // it calls for the next take itself
      const page = this.#follower.take(room);
      if (page.length === 0) return undefined;
      for (const stored of page) this.#open(stored);
      this.#readTo = this.#follower.consumed;
    }
  }

  #hasRoom(events: number, openMax: number): boolean {
    return this.#entries.size + events <= openMax && this.#entries.heldBytes <= HELD_BYTES_MAX;
  }

  #open(stored: StoredEvent): void {
    this.#readTo = stored.position;
    if (this.#ahead.has(stored.position)) return;
    if (this.#entries.has(stored.position)) return; // redriven after it lay before this place, or opened before its turn
    const entry = this.#entries.open(stored);
    if (this.#order?.enter(entry, stored) ?? true) this.#makeReady(entry);
    else if (this.#entries.heldBytes > HELD_BLOCKED_BYTES_MAX) this.#entries.drop(entry);
  }

  #settle(entry: OpenEvent, outcome: keyof DeliveryCounts): void {
    if (!this.#entries.includes(entry)) return;
    this.counts[outcome]++;
    this.#remove(entry);
    if (entry.position > this.#follower.consumed) this.#ahead.add(entry.position);
    this.#journal?.changed();
    this.#copies.drop(entry.position, this.#options.onError);
    this.#members.tellOfRoom();
  }

  /** Its end could not be written. */
  #reopen(entry: OpenEvent): void {
    if (!this.#entries.includes(entry) || entry.state !== "settling") return;
    entry.state = "waiting";
    this.#room.put(entry, this.#feed.store.now() + REOPEN_MS);
  }

  #remove(entry: OpenEvent): void {
    if (!this.#entries.includes(entry)) return;
    this.#entries.remove(entry);
    if (entry.state === "taken") this.#taken--;
    entry.state = "settling";
    this.#journal?.changed();
    const next = this.#order?.leave(entry);
    const successor = next === undefined ? undefined : this.#entries.get(next);
    if (successor?.state === "blocked") this.#waitOn(successor);
  }

  /** Nothing stands before it any more. */
  #waitOn(entry: OpenEvent): void {
    entry.state = "waiting";
    if (entry.stored !== undefined && entry.notBefore <= this.#feed.store.now()) this.#makeReady(entry);
    else this.#room.put(entry, entry.notBefore);
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
      if (entry.state !== "waiting" || !this.#entries.includes(entry)) return;
      if (stored === undefined) return this.#settle(entry, "evicted");
      this.#entries.hold(entry, stored);
    }
    // A redriven one joins its lane last.
    if (entry.key === undefined && this.#order?.enter(entry, entry.stored!) === false) return;
    this.#makeReady(entry);
  }

  #makeReady(entry: OpenEvent): void {
    entry.state = "ready";
    this.#ready.push(entry);
  }

  #wake(): void {
    if (!this.#closed) this.#members.wake();
  }

  #snapshot(endings: readonly Ending[]): Uint8Array {
    this.#savedAt = this.#follower.consumed;
    const ended = new Set(endings.map(({ position }) => position));
    const open = [...this.#entries].filter(({ position, state }) => state !== "settling" || !ended.has(position));
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
      const entry = newOpenEvent(tried);
      this.#entries.add(entry);
      this.#room.put(entry, tried.notBefore);
    }
  }

  async #restoreOrder(order: DeliveryOrder): Promise<void> {
    await order.prepare(this.settledUpTo);
    for (const entry of [...this.#entries]) {
      const stored = await this.#copies.load(entry.position);
      if (stored === undefined) this.#settle(entry, "evicted");
      else order.restore(entry, stored);
    }
  }
}
