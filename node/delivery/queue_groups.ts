/** Opens, shares and closes the queues of groups; everything about them that must outlive the process is in the store. */

import type { Clock } from "../clock.ts";
import type { Dispatcher } from "../dispatcher.ts";
import { RefusedError } from "../errors.ts";
import type { EventStore, StateChange } from "../event_store.ts";
import { Interest } from "../subscriptions/interest.ts";
import { DeliveryQueue } from "./delivery_queue.ts";
import {
  decodeGroup,
  definitionOf,
  GROUP_PREFIX,
  type GroupRecord,
  QUEUE_PREFIX,
  type QueueGroup,
  toGroupChange,
  toGroupRemovals,
} from "./queue_group.ts";
import { decodeQueueState, type QueueState } from "./queue_state.ts";

/** How long a group without members keeps its place, so that a stream may resume. */
export const LINGER_MS = 5 * 60_000;

/** Open events of a queue: bounds memory, and what one stuck ordering key can hold up. */
const OPEN_MAX = 12_000;

export interface QueueGroupsContext {
  readonly store: EventStore;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export class QueueGroups {
  readonly #context: QueueGroupsContext;
  readonly #groups = new Map<string, QueueGroup>();
  #closed = false;

  constructor(context: QueueGroupsContext) {
    this.#context = context;
  }

  /** Reopens the groups that the store knows. Those without a subscription wait for a stream, for a while. */
  async load(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.#context.store.listState({ prefix: GROUP_PREFIX, after, limit: 500 });
      for (const { key, value } of page) await this.#open(key.slice(GROUP_PREFIX.length), decodeGroup(value), 0);
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

  get(key: string): QueueGroup | undefined {
    return this.#groups.get(key);
  }

  [Symbol.iterator](): IterableIterator<QueueGroup> {
    return this.#groups.values();
  }

  /**
   * The group of that key, made if it is not there: then it begins after position `after`, and `changes` must be
   * committed with what asked for it. Throws `GROUP_MISMATCH` when it is defined otherwise.
   */
  async join(
    key: string,
    record: GroupRecord,
    after: number,
  ): Promise<{ group: QueueGroup; created: boolean; changes: StateChange[] }> {
    const existing = this.#groups.get(key);
    if (existing !== undefined) {
      this.#assertSame(existing, record);
      existing.cancelLinger?.();
      existing.cancelLinger = undefined;
      return { group: existing, created: false, changes: [] };
    }
    const group = await this.#open(key, record, after);
    return { group, created: true, changes: [toGroupChange(key, record)] };
  }

  /** Opens the queue of a group anew with another definition, at the place where it was. */
  async redefine(key: string, record: GroupRecord): Promise<{ group: QueueGroup; changes: StateChange[] }> {
    const old = this.#groups.get(key)!;
    await old.queue.close();
    const group = await this.#open(key, record, old.queue.settledUpTo);
    for (const id of old.subscriptions) group.subscriptions.add(id);
    group.streams = old.streams;
    return { group, changes: [toGroupChange(key, record)] };
  }

  /** What to commit so that a group is forgotten; `closeGroup()` after that. */
  toRemovals(key: string): StateChange[] {
    return toGroupRemovals(key);
  }

  async closeGroup(key: string): Promise<void> {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    this.#groups.delete(key);
    group.cancelLinger?.();
    await group.queue.close({ forget: true });
  }

  /** A member left: a group that only streams used waits for one to come back, then it is forgotten. */
  linger(group: QueueGroup): void {
    if (group.subscriptions.size > 0 || group.streams > 0 || this.#closed) return;
    group.cancelLinger?.();
    group.cancelLinger = this.#context.clock.after(LINGER_MS, () => void this.#forget(group));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const group of this.#groups.values()) {
      group.cancelLinger?.();
      await group.queue.close();
    }
  }

  async #forget(group: QueueGroup): Promise<void> {
    try {
      await this.closeGroup(group.key);
      await this.#context.store.commit([], this.toRemovals(group.key));
    } catch (error) {
      this.#context.onError(error);
    }
  }

  #assertSame(group: QueueGroup, record: GroupRecord): void {
    if (definitionOf(group.record) === definitionOf(record)) return;
    throw new RefusedError(
      "GROUP_MISMATCH",
      `Cannot join group "${record.name}": its members want topic "${group.record.topic}" with other settings ` +
        "(topic, types, source, filters and ordered must be equal); use the same ones, or another group name",
    );
  }

  async #open(key: string, record: GroupRecord, after: number): Promise<QueueGroup> {
    const { store, dispatcher, clock, onError } = this.#context;
    const saved = await store.readState(QUEUE_PREFIX + key);
    const queue = new DeliveryQueue(dispatcher, clock, {
      stateKey: QUEUE_PREFIX + key,
      pattern: record.topic,
      accepts: new Interest(record).accepts,
      ordered: record.ordered,
      openMax: OPEN_MAX,
      from: saved === undefined ? after : this.#decode(key, saved),
      onError,
    });
    const group = { key, record, queue, subscriptions: new Set<string>(), streams: 0, cancelLinger: undefined };
    this.#groups.set(key, group);
    await queue.start();
    return group;
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
