/** Opens, shares and closes the queues of groups; everything about them that must outlive the process is in the store. */

import type { ArrivalOrder } from "../arrival_order.ts";
import type { Clock } from "../clock.ts";
import type { Dispatcher } from "../dispatcher.ts";
import { RefusedError } from "../errors.ts";
import type { EventStore, StateChange } from "../event_store.ts";
import { groupKeyOf, LINGER_MS, type LocalWant, type LocalWants } from "../local_wants.ts";
import { Interest } from "../subscriptions/interest.ts";
import type { Arrivals } from "./delivery_order.ts";
import { DeliveryQueue } from "./delivery_queue.ts";
import { assertSameElsewhere, type GroupsElsewhere } from "./groups_elsewhere.ts";
import { LateArrivals } from "./late_arrivals.ts";
import type { RecentOutcomes } from "./recent_outcomes.ts";
import {
  decodeGroup,
  definitionOf,
  GROUP_PREFIX,
  type GroupRecord,
  isAlone,
  QUEUE_PREFIX,
  type QueueGroup,
  readerOf,
  toGroupChange,
  toGroupRemovals,
} from "./queue_group.ts";
import { decodeQueueState, type QueueState } from "./queue_state.ts";

/**
 * How often the places of idle queues are written, and how far they must have moved: what a kill makes them read again.
 * They are written together, so ten thousand of them cost one write.
 */
const SAVE_PLACES_MS = 30_000;
const SAVE_PLACES_POSITIONS = 1000;

/** Open events of a queue: bounds memory, and what one stuck ordering key can hold up. */
const OPEN_MAX = 12_000;

/** Writes the changes together with what the caller has to write. */
export type CommitChanges = (changes: readonly StateChange[]) => Promise<unknown>;

export interface QueueGroupsContext {
  readonly store: EventStore;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly wants: LocalWants;
  readonly onError: (error: unknown) => void;
  /** Where attempts are remembered, if anywhere. */
  readonly outcomes?: RecentOutcomes;
  /** See `NodeParts.arrivalOrder`. */
  readonly arrivalOrder?: ArrivalOrder;
}

export class QueueGroups {
  readonly #context: QueueGroupsContext;
  readonly #groups = new Map<string, QueueGroup>();
  /** By key: one comes, goes or changes at a time, else two would open one queue, or one close what another enters. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** What others say of groups; nobody else is known without it. */
  elsewhere: GroupsElsewhere = () => [];
  readonly #arrivals: Arrivals | undefined;
  #cancelSaving: (() => void) | undefined;
  #closed = false;

  constructor(context: QueueGroupsContext) {
    this.#context = context;
    const { arrivalOrder: order, store } = context;
    if (order !== undefined) this.#arrivals = { order, late: new LateArrivals(store, () => this.#orderedReadTo()) };
  }

  /** Reopens the groups that the store knows. Those without a subscription wait for a stream, for a while. */
  async load(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.#context.store.listState({ prefix: GROUP_PREFIX, after, limit: 500 });
      for (const { key, value } of page) {
        const group = await this.#prepare(key.slice(GROUP_PREFIX.length), decodeGroup(value), 0);
        await this.#begin(group);
      }
      if (page.length < 500) return;
      after = page[page.length - 1].key;
    }
  }

  /** Groups that nobody took up after the start wait for a stream, for a while. */
  forgetUnused(): void {
    for (const group of this.#groups.values()) this.linger(group);
  }

  /** What the queues have yet to settle; retention asks. */
  needed(): { pattern: string; from: number }[] {
    return [...this.#groups.values()].map(({ queue }) => ({ pattern: queue.pattern, from: queue.settledUpTo + 1 }));
  }

  /**
   * Enters the group of that key, made if it is not there: then it begins after position `after`. `admit` writes the
   * changes that make it durable, and counts the new member in; if it rejects, everything is as before. Throws
   * `GROUP_MISMATCH` when the group is defined otherwise, here or, where it is new here, elsewhere.
   */
  enter(
    key: string,
    record: GroupRecord,
    after: number,
    admit: (group: QueueGroup, changes: readonly StateChange[]) => Promise<unknown>,
  ): Promise<QueueGroup> {
    return this.#inTurn(key, async () => {
      const existing = this.#groups.get(key);
      if (existing !== undefined) this.#assertSame(existing, record);
      else assertSameElsewhere(key, record, this.elsewhere);
      const group = existing ?? await this.#prepare(key, record, after);
      group.cancelLinger?.();
      try {
        await admit(group, existing === undefined ? [toGroupChange(key, record), group.queue.toChange()] : []);
      } finally {
        if (existing !== undefined) this.linger(existing); // only if it is empty still
        this.noteMembers(key);
      }
      if (existing === undefined) await this.#begin(group);
      return group;
    });
  }

  /**
   * Gives a group that only `subscription` is in another definition, at the place where it is. `halt` stops its workers.
   * If `commit` rejects, it goes on as before. Throws `GROUP_MISMATCH` when others are in it.
   */
  redefine(
    group: QueueGroup,
    record: GroupRecord,
    { subscription, halt, commit }: { subscription: string; halt: () => Promise<void>; commit: CommitChanges },
  ): Promise<void> {
    return this.#inTurn(group.key, async () => {
      if (!isAlone(group, subscription)) this.#assertSame(group, record);
      assertSameElsewhere(group.key, record, this.elsewhere);
      await this.#change(group, async () => {
        await halt();
        await group.queue.close();
        await commit([toGroupChange(group.key, record)]);
        group.record = record;
      });
    });
  }

  /** Takes a subscription out. With the last member the group is forgotten. If `commit` rejects, it stays. */
  leave(group: QueueGroup, subscription: string, commit: CommitChanges): Promise<void> {
    return this.#inTurn(group.key, async () => {
      const current = this.#groups.get(group.key) ?? group;
      // One that rests may have been opened anew, by a stream: then what is in the store is the other's.
      if (current === group && isAlone(group, subscription)) await this.#remove(group, commit);
      else await commit([]);
      group.subscriptions.delete(subscription);
      this.linger(group);
      this.noteMembers(group.key);
    });
  }

  /** Closes a group whose subscriptions have all expired: it keeps its place, and the log nothing for it. */
  rest(group: QueueGroup): Promise<void> {
    return this.#inTurn(group.key, async () => {
      if (!isAlone(group) || this.#groups.get(group.key) !== group) return;
      this.#groups.delete(group.key);
      this.noteMembers(group.key);
      await group.queue.close();
    });
  }

  /** Its subscriptions, or what they want, may be others now. */
  noteMembers(key: string): void {
    const group = this.#groups.get(key);
    this.#context.wants.set(key, group === undefined ? undefined : toWant(group));
  }

  /** Waits for a stream to come back to a group without members; then the group is forgotten. */
  linger(group: QueueGroup): void {
    group.cancelLinger?.();
    group.cancelLinger = undefined;
    if (!isAlone(group) || this.#closed || this.#groups.get(group.key) !== group) return;
    group.cancelLinger = this.#context.clock.after(LINGER_MS, () => void this.#forget(group));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSaving?.();
    this.#arrivals?.late.close();
    await Promise.all([...this.#groups.values()].map((group) => {
      group.cancelLinger?.();
      return group.queue.close();
    }));
  }

  async #forget(group: QueueGroup): Promise<void> {
    try {
      await this.#inTurn(group.key, async () => {
        if (!isAlone(group) || this.#groups.get(group.key) !== group || this.#closed) return;
        await this.#remove(group, (removals) => this.#context.store.commit([], removals));
      });
    } catch (error) {
      this.#context.onError(error);
      this.linger(group);
    }
  }

  async #remove(group: QueueGroup, commit: CommitChanges): Promise<void> {
    const removed = () => group.queue.close({ forget: true }).then(() => commit(toGroupRemovals(group)));
    if (this.#groups.get(group.key) !== group) return void await removed(); // it rests
    await this.#change(group, async () => {
      await removed();
      this.#groups.delete(group.key);
    });
  }

  /** Runs a step that closes the queue; opens it again if the group is still there after it, whether it failed or not. */
  async #change(group: QueueGroup, step: () => Promise<void>): Promise<void> {
    let over = () => {};
    group.changing = new Promise((resolve) => over = resolve);
    try {
      await step();
    } finally {
      group.cancelLinger?.();
      if (this.#groups.get(group.key) === group && group.queue.closed) await this.#reopen(group);
      group.changing = undefined;
      this.noteMembers(group.key);
      over();
    }
  }

  async #reopen(group: QueueGroup): Promise<void> {
    const after = group.queue.settledUpTo;
    group.queue = await this.#openQueue(group.key, group.record, after);
    await group.queue.start();
  }

  #inTurn<T>(key: string, run: () => Promise<T>): Promise<T> {
    const result = (this.#turns.get(key) ?? Promise.resolve()).then(run);
    const turn = result.catch(() => undefined).then(() => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    });
    this.#turns.set(key, turn);
    return result;
  }

  #assertSame(group: QueueGroup, record: GroupRecord): void {
    // A group of old says nothing of its scope, and is taken for what its members ask for.
    if (definitionOf({ scope: record.scope, ...group.record }) === definitionOf(record)) return;
    throw new RefusedError(
      "GROUP_MISMATCH",
      `Cannot join group "${record.name}": its members want topic "${group.record.topic}" with other settings ` +
        "(topic, types, source, filters, ordered and scope must be equal); use the same ones, or another group name",
    );
  }

  /** A group that does not follow the log yet. */
  async #prepare(key: string, record: GroupRecord, after: number): Promise<QueueGroup> {
    const queue = await this.#openQueue(key, record, after);
    return { key, record, queue, changing: undefined, subscriptions: new Set(), streams: 0, cancelLinger: undefined };
  }

  async #begin(group: QueueGroup): Promise<void> {
    await group.queue.start();
    this.#groups.set(group.key, group);
    this.noteMembers(group.key);
    this.#cancelSaving ??= this.#context.clock.after(SAVE_PLACES_MS, () => this.#savePlaces());
  }

  #savePlaces(): void {
    this.#cancelSaving = undefined;
    if (this.#closed || this.#groups.size === 0) return;
    for (const { queue } of this.#groups.values()) queue.savePlace(SAVE_PLACES_POSITIONS);
    this.#cancelSaving = this.#context.clock.after(SAVE_PLACES_MS, () => this.#savePlaces());
  }

  async #openQueue(key: string, record: GroupRecord, after: number): Promise<DeliveryQueue> {
    const { store, dispatcher, clock, onError, outcomes } = this.#context;
    const saved = await store.readState(QUEUE_PREFIX + key);
    return new DeliveryQueue(dispatcher, clock, {
      stateKey: QUEUE_PREFIX + key,
      pattern: record.topic,
      reader: readerOf(key, record),
      accepts: new Interest(record).accepts,
      ordered: record.ordered,
      arrivals: record.ordered ? this.#arrivals : undefined,
      openMax: OPEN_MAX,
      from: saved === undefined ? after : this.#decode(key, saved),
      onError,
      onExpired: (position, attempt) =>
        outcomes?.note({
          subscription: record.name,
          position,
          attempt,
          outcome: "expired",
          detail: "its time was over",
        }),
    });
  }

  /** Every ordered queue has read up to here. */
  #orderedReadTo(): number {
    let readTo = Infinity;
    for (const { record, queue } of this.#groups.values()) {
      if (record.ordered) readTo = Math.min(readTo, queue.takenUpTo);
    }
    return readTo;
  }

  #decode(key: string, saved: Uint8Array): QueueState {
    try {
      return decodeQueueState(saved);
    } catch (cause) {
      throw new Error(`Cannot read the place of "${key}" in the log: the document is damaged; restore a backup`, {
        cause,
      });
    }
  }
}

/** What the mesh is told of a group; nothing where only events of this cluster are wanted. */
function toWant({ key, record, subscriptions }: QueueGroup): LocalWant | undefined {
  const { topic: pattern, source, types, filters } = record;
  const { group, ownOnly } = readerOf(key, record);
  if (ownOnly) return undefined;
  const groupKey = group === undefined ? undefined : groupKeyOf(group, record);
  return { pattern, source, types, filters, group, groupKey, durable: subscriptions.size > 0 };
}
