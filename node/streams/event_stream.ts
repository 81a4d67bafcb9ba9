/** A live stream: events as they come, resumable, for a client that keeps its own place in the log. */

import { isExpired } from "../accept/time_to_live.ts";
import type { Clock } from "../clock.ts";
import { resolveSince, toCursor } from "../cursor.ts";
import { DeliveryQueue } from "../delivery/delivery_queue.ts";
import { isWithMember } from "../delivery/open_event.ts";
import type { QueueGroup } from "../delivery/queue_group.ts";
import type { QueueGroups } from "../delivery/queue_groups.ts";
import type { Dispatcher } from "../dispatcher.ts";
import type { CloudEvent } from "../event.ts";
import type { EventStore, StoredEvent } from "../event_store.ts";
import { LogFollower, type LogGap } from "../log_follower.ts";
import { Interest, type InterestDefinition } from "../subscriptions/interest.ts";
import { requirePattern } from "../require_pattern.ts";

export interface StreamOptions {
  /** Pattern; default `>`. */
  readonly topic?: string;
  /** A CESQL expression. */
  readonly filter?: string;
  readonly group?: string;
  /** Of a group: as the `ordered` of its subscriptions. On its own a stream goes by places in the log. Default no. */
  readonly ordered?: boolean;
  /** `now`, `earliest`, a position (included), an RFC 3339 time, or the cursor of the last event seen. Ignored by a group that exists. */
  readonly since?: string;
  /** With `explicit`, an event comes again until it is acknowledged. Default `none`; a group then acknowledges on `take()`. */
  readonly ack?: "none" | "explicit";
  /** Explicit: unacknowledged events at a time. Default 1,000. */
  readonly maxInFlight?: number;
  /** Explicit: default 30,000. */
  readonly ackTimeoutMs?: number;
  /** Called when `take()` would give something. Must not throw. */
  readonly onReady: () => void;
}

/** Positions among which events are missing, for they were retired before the reader got there. */
export interface StreamGap {
  readonly from: number;
  readonly to: number;
  readonly reason: "RETENTION";
}

export interface EventStream {
  readonly pattern: string;
  /** What is missing at the beginning, if anything. */
  readonly gap: StreamGap | undefined;
  /** Cursor of the place where it begins: resuming there repeats nothing. */
  readonly cursor: string;
  /** Whether it would get such an event. */
  wants(topic: string, event: CloudEvent): boolean;
  /** What went missing since, before the next events of `take()`, which stops there: to be asked before each `take()`. */
  takeGap(): StreamGap | undefined;
  /** The next events, at most `eventsMax`; empty when there are none now. */
  take(eventsMax: number): readonly StoredEvent[];
  /** Explicit acknowledgement, by position. */
  acknowledge(position: number): void;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface StreamsContext {
  readonly store: EventStore;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly groups: QueueGroups;
  readonly onError: (error: unknown) => void;
}

/** Unacknowledged events of an explicit stream unless it says otherwise. */
const IN_FLIGHT_DEFAULT = 1000;
const ACK_TIMEOUT_DEFAULT_MS = 30_000;

/** Throws `RefusedError` or `FilterError` for options that cannot be met. */
export async function openStream(context: StreamsContext, options: StreamOptions): Promise<EventStream> {
  const definition = streamDefinition(options);
  const interest = new Interest(definition);
  const after = await resolveSince(context.store, options.since ?? "now");
  const gap = gapAfter(context.store, interest.pattern, after);
  const start = gap === undefined ? after : gap.to;
  // Who asks for what there is has missed nothing of it.
  const toldTo = options.since === "earliest" ? context.store.retiredTo(interest.pattern) : start;
  const common = {
    pattern: interest.pattern,
    gap,
    cursor: toCursor(context.store, start),
    wants: (topic: string, event: CloudEvent) => interest.fits(topic) && interest.wants(event),
    start,
    toldTo,
  };
  if (options.group !== undefined) return await groupStream(context, definition, options, common);
  if (options.ack === "explicit") return await explicitStream(context, interest, options, common);
  return plainStream(context, interest, options, common);
}

type Common = Pick<EventStream, "pattern" | "gap" | "cursor" | "wants"> & {
  readonly start: number;
  /** Gaps up to here are not told any more. */
  readonly toldTo: number;
};

/** No durable state at all: the client's cursor is the state. */
function plainStream(context: StreamsContext, interest: Interest, options: StreamOptions, common: Common): EventStream {
  const follower = new LogFollower(context.dispatcher, {
    pattern: interest.pattern,
    after: common.start,
    accepts: (stored) => !isExpired(stored, context.store.now()) && interest.accepts(stored),
    onReady: options.onReady,
    onError: context.onError,
    tellsGaps: true,
    toldTo: common.toldTo,
  });
  context.dispatcher.attach(follower);
  return {
    ...common,
    takeGap: () => toStreamGap(follower.takeGap()),
    take: (eventsMax) => follower.take(eventsMax),
    acknowledge: () => undefined,
    close: () => Promise.resolve(context.dispatcher.detach(follower)),
  };
}

/** A queue of its own in memory: what is unacknowledged comes again while the connection lasts. */
async function explicitStream(
  context: StreamsContext,
  interest: Interest,
  options: StreamOptions,
  common: Common,
): Promise<EventStream> {
  const gaps: LogGap[] = [];
  const queue = new DeliveryQueue(context.dispatcher, context.clock, {
    stateKey: undefined,
    pattern: interest.pattern,
    accepts: interest.accepts,
    ordered: false,
    openMax: 2 * (options.maxInFlight ?? IN_FLIGHT_DEFAULT),
    from: common.start,
    toldTo: common.toldTo,
    onGap: (gap) => {
      gaps.push(gap);
      options.onReady();
    },
    onError: context.onError,
  });
  const member = { onReady: options.onReady };
  queue.join(member);
  await queue.start();
  const taker = new QueueTaker(queue, options);
  return {
    ...common,
    takeGap: () => toStreamGap(gaps.shift()),
    take: (eventsMax) => taker.take(eventsMax),
    acknowledge: (position) => taker.acknowledge(position),
    close: () => queue.close(),
  };
}

/** A member of a durable group, beside subscriptions and other streams. */
async function groupStream(
  context: StreamsContext,
  definition: InterestDefinition,
  options: StreamOptions,
  common: Common,
): Promise<EventStream> {
  const name = options.group!;
  const { ordered = false } = options;
  const record = { ...definition, name, ordered, scope: "mesh" } as const;
  let created = false;
  const group = await context.groups.enter(`group:${name}`, record, common.start, async (group, changes) => {
    created = changes.length > 0;
    if (created) await context.store.commit([], changes);
    group.streams++;
  });
  const member = { onReady: options.onReady };
  group.queue.join(member);
  const taker = new QueueTaker(group.queue, options);
  return {
    ...common,
    gap: created ? common.gap : undefined,
    takeGap: () => undefined, // what a group needs is kept; what is evicted all the same, its queue counts
    take: (eventsMax) => taker.take(eventsMax),
    acknowledge: (position) => taker.acknowledge(position),
    close: async () => {
      group.queue.leave(member);
      taker.release();
      leave(context, group);
      await group.queue.flush().catch(context.onError);
    },
  };
}

function leave(context: StreamsContext, group: QueueGroup): void {
  group.streams--;
  context.groups.linger(group);
}

/** Takes from a queue and, when the stream ends, gives back what was not acknowledged. */
class QueueTaker {
  readonly #queue: DeliveryQueue;
  readonly #options: StreamOptions;
  readonly #held = new Map<number, number>(); // position and attempt of what is not acknowledged

  constructor(queue: DeliveryQueue, options: StreamOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  take(eventsMax: number): StoredEvent[] {
    if (this.#options.ack !== "explicit") {
      const taken = this.#queue.take(eventsMax);
      for (const { stored } of taken) this.#queue.acknowledge(stored.position);
      return taken.map(({ stored }) => stored);
    }
    const room = (this.#options.maxInFlight ?? IN_FLIGHT_DEFAULT) - this.#inFlight();
    if (room <= 0) return [];
    const taken = this.#queue.take(Math.min(room, eventsMax), this.#options.ackTimeoutMs ?? ACK_TIMEOUT_DEFAULT_MS);
    for (const { stored, attempt } of taken) this.#held.set(stored.position, attempt);
    return taken.map(({ stored }) => stored);
  }

  acknowledge(position: number): void {
    this.#held.delete(position);
    this.#queue.acknowledge(position);
    this.#options.onReady(); // there is room for another one
  }

  release(): void {
    for (const [position, attempt] of this.#held) {
      if (isWithMember(this.#queue.openAt(position), attempt)) this.#queue.retryLater(position, 0);
    }
    this.#held.clear();
  }

  #inFlight(): number {
    for (const [position, attempt] of this.#held) {
      if (!isWithMember(this.#queue.openAt(position), attempt)) this.#held.delete(position); // its lease ended
    }
    return this.#held.size;
  }
}

/** Throws `RefusedError` (`INVALID_PATTERN`). */
export function streamDefinition(options: Pick<StreamOptions, "topic" | "filter">): InterestDefinition {
  const topic = options.topic ?? ">";
  requirePattern(topic, "topic");
  return { topic, filters: options.filter === undefined ? undefined : [{ sql: options.filter }] };
}

/** What is missing before the first event that is kept. */
function gapAfter(store: EventStore, pattern: string, after: number): StreamGap | undefined {
  const to = Math.min(store.retiredTo(pattern), store.tail - 1);
  return after >= to ? undefined : { from: after + 1, to, reason: "RETENTION" };
}

function toStreamGap(gap: LogGap | undefined): StreamGap | undefined {
  return gap === undefined ? undefined : { ...gap, reason: "RETENTION" };
}
