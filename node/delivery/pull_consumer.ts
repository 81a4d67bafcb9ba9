/** Hands a queue's events to whoever asks, under a lease that ends by itself. */

import type { Clock } from "../clock.ts";
import { RefusedError } from "../errors.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import { type AckId, isAckIdOf, parseAckId, type StaleAckId, toAckId, toStale } from "./ack_id.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveryQueue } from "./delivery_queue.ts";
import { type FailureContext, handleFailure } from "./failure.ts";
import { isWithMember } from "./open_event.ts";
import { queueKeyOf } from "./queue_group.ts";
import type { QueueMember } from "./queue_members.ts";

export interface PulledEvent {
  /** Opaque: names the event and the attempt; see `toAckId()`. */
  readonly ackId: string;
  readonly delivery: Delivery;
}

export interface Settlement {
  readonly ack?: readonly string[];
  readonly nack?: readonly { readonly ackId: string; readonly delayMs?: number }[];
  readonly extend?: readonly string[];
}

/** Answers whose ackIds were looked at, and those that cannot be used. */
export interface CheckedSettlement {
  readonly ack: readonly AckId[];
  readonly nack: readonly (AckId & { readonly delayMs: number | undefined })[];
  readonly extend: readonly AckId[];
  readonly stale: readonly StaleAckId[];
}

export interface SettlementResult {
  /** Events that do not come again; one that was acknowledged before counts. */
  readonly acknowledged: number;
  readonly nacked: number;
  readonly extended: number;
  /**
   * Answers without effect. An acknowledgement that comes after the lease is none of them: the event was processed.
   */
  readonly stale: readonly StaleAckId[];
}

interface Waiter {
  readonly eventsMax: number;
  readonly resolve: (events: PulledEvent[]) => void;
}

/** Pull requests that may wait at the same time, for one subscription; each holds a connection. */
const WAITERS_MAX = 1000;

export class PullConsumer implements QueueMember {
  readonly #context: FailureContext & { readonly clock: Clock };
  readonly #queue: DeliveryQueue;
  readonly #subscription: Subscription;
  readonly #queueKey: string;
  readonly #waiters = new Set<Waiter>();
  #settling = false;
  #stopped = false;
  delivered = 0;
  failed = 0;

  constructor(context: FailureContext & { clock: Clock }, queue: DeliveryQueue, subscription: Subscription) {
    this.#context = context;
    this.#queue = queue;
    this.#subscription = subscription;
    this.#queueKey = queueKeyOf(subscription);
  }

  takesFrom(queue: DeliveryQueue): boolean {
    return this.#queue === queue;
  }

  /** From now on waiting pulls are answered. */
  start(): void {
    this.#queue.join(this);
  }

  /** Answers at once when there is something, else as soon as there is, at the latest after `waitMs` with nothing. */
  async pull(options: { max: number; waitMs: number; signal?: AbortSignal }): Promise<PulledEvent[]> {
    if (this.#stopped || options.signal?.aborted) return [];
    const events = this.#take(options.max);
    if (events.length > 0 || options.waitMs <= 0) return events;
    if (this.#waiters.size >= WAITERS_MAX) {
      throw new RefusedError(
        "TOO_MANY_PULLS",
        `Cannot wait: ${WAITERS_MAX} pull requests of "${this.#subscription.id}" wait already; pull with waitMs 0 or with fewer consumers`,
      );
    }
    return await new Promise((resolve) => {
      const finish = (events: PulledEvent[]) => {
        this.#waiters.delete(waiter);
        cancel();
        options.signal?.removeEventListener("abort", onAbort);
        resolve(events);
      };
      const waiter: Waiter = { eventsMax: options.max, resolve: finish };
      const onAbort = () => finish([]);
      const cancel = this.#context.clock.after(options.waitMs, onAbort);
      options.signal?.addEventListener("abort", onAbort);
      this.#waiters.add(waiter);
    });
  }

  onReady(): void {
    if (this.#settling) return;
    for (const waiter of this.#waiters) {
      const events = this.#take(waiter.eventsMax);
      if (events.length === 0) return;
      waiter.resolve(events);
    }
  }

  /** Durable when it resolves: what was acknowledged does not come back. */
  async settle({ ack, nack, extend, stale }: CheckedSettlement): Promise<SettlementResult> {
    this.#settling = true; // so that whoever waits gets all that there is room for then, and not one event
    for (const { position, attempt } of ack) {
      const subscription = this.#subscription.id;
      this.#context.outcomes?.note({ subscription, position, attempt, outcome: "acknowledged", detail: "pulled" });
      this.#queue.acknowledge(position);
    }
    this.#settling = false;
    this.onReady();
    this.delivered += ack.length;
    const isLeased = ({ position, attempt }: AckId) => isWithMember(this.#queue.openAt(position), attempt);
    const late = [...nack, ...extend].filter((id) => !isLeased(id));
    const nacked = nack.filter(isLeased);
    for (const { position, attempt, delayMs } of nacked) await this.#refuse(position, attempt, delayMs);
    const extended = extend.filter(isLeased);
    for (const { position } of extended) this.#queue.extend(position, this.#subscription.config.ackTimeoutMs);
    await this.#queue.flush();
    return {
      acknowledged: ack.length,
      nacked: nacked.length,
      extended: extended.length,
      stale: [...stale, ...late.map((id) => toStale(id, "LEASE_OVER"))],
    };
  }

  /** Answers whoever waits and stops; leased events stay open. */
  stop(): void {
    this.#stopped = true;
    this.#queue.leave(this);
    for (const waiter of this.#waiters) waiter.resolve([]);
  }

  #take(eventsMax: number): PulledEvent[] {
    const { maxInFlight, ackTimeoutMs, retry } = this.#subscription.config;
    const events: PulledEvent[] = [];
    for (;;) {
      const free = maxInFlight * Math.max(1, this.#queue.members) - this.#queue.inFlight;
      if (free <= 0) this.#queue.askForRoom();
      const room = Math.min(eventsMax - events.length, free);
      const deliveries = room <= 0 ? [] : this.#queue.take(room, ackTimeoutMs);
      if (deliveries.length === 0) return events;
      for (const delivery of deliveries) {
        if (delivery.attempt <= retry.attemptsMax) events.push({ ackId: toAckId(delivery, this.#queueKey), delivery });
        else void this.#giveUp(delivery);
      }
    }
  }

  async #refuse(position: number, attempt: number, delayMs: number | undefined): Promise<void> {
    this.failed++;
    const stored = this.#queue.openAt(position)?.stored;
    if (stored === undefined) return;
    const failure = { reason: "NACKED", detail: "the consumer refused the event", delayMs };
    await handleFailure(this.#context, this.#queue, this.#subscription, { stored, attempt }, failure);
  }

  async #giveUp({ stored, attempt }: Delivery): Promise<void> {
    this.failed++;
    await handleFailure(this.#context, this.#queue, this.#subscription, { stored, attempt: attempt - 1 }, {
      reason: "ACK_TIMEOUT",
      detail: `no acknowledgement within ${this.#subscription.config.ackTimeoutMs} ms, ${attempt - 1} times`,
      final: true,
    });
  }
}

/**
 * Tells the ackIds that a queue gave from others; what it has in memory, as all events under a lease are, needs no look
 * into the log. Throws `INVALID_ACK_ID`.
 */
export async function checkSettlement(
  queue: DeliveryQueue,
  queueKey: string,
  settlement: Settlement,
): Promise<CheckedSettlement> {
  const stale: StaleAckId[] = [];
  const known = async <Id extends AckId>(ids: readonly Id[]): Promise<Id[]> => {
    const kept: Id[] = [];
    for (const id of ids) {
      const stored = queue.openAt(id.position)?.stored ?? await queue.find(id.position);
      if (stored !== undefined && isAckIdOf(id, stored, queueKey)) kept.push(id);
      else stale.push(toStale(id, stored === undefined && id.position <= queue.takenUpTo ? "GONE" : "UNKNOWN"));
    }
    return kept;
  };
  const ack = (settlement.ack ?? []).map(parseAckId);
  const nack = (settlement.nack ?? []).map(({ ackId, delayMs }) => ({ ...parseAckId(ackId), delayMs }));
  const extend = (settlement.extend ?? []).map(parseAckId);
  return { ack: await known(ack), nack: await known(nack), extend: await known(extend), stale };
}
