/** Hands a queue's events to whoever asks, under a lease that ends by itself. */

import type { Clock } from "../clock.ts";
import { RefusedError } from "../errors.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveryQueue } from "./delivery_queue.ts";
import { type FailureContext, handleFailure } from "./failure.ts";
import { isWithMember } from "./open_event.ts";
import type { QueueMember } from "./queue_members.ts";

export interface PulledEvent {
  /** Opaque: names the event and the attempt. */
  readonly ackId: string;
  readonly delivery: Delivery;
}

export interface Settlement {
  readonly ack?: readonly string[];
  readonly nack?: readonly { readonly ackId: string; readonly delayMs?: number }[];
  readonly extend?: readonly string[];
}

export interface SettlementResult {
  readonly acknowledged: number;
  readonly nacked: number;
  readonly extended: number;
  /** Nacks and extensions whose lease had ended. Acknowledgements are never stale: the event was processed. */
  readonly stale: readonly string[];
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
  readonly #waiters = new Set<Waiter>();
  #settling = false;
  #stopped = false;
  delivered = 0;
  failed = 0;

  constructor(context: FailureContext & { clock: Clock }, queue: DeliveryQueue, subscription: Subscription) {
    this.#context = context;
    this.#queue = queue;
    this.#subscription = subscription;
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

  /** Durable when it resolves: what was acknowledged does not come back. Throws `INVALID_ACK_ID`. */
  async settle(settlement: Settlement): Promise<SettlementResult> {
    const ack = (settlement.ack ?? []).map(parseAckId);
    const nack = (settlement.nack ?? []).map((entry) => ({ ...parseAckId(entry.ackId), delayMs: entry.delayMs }));
    const extend = (settlement.extend ?? []).map(parseAckId);
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
      stale: late.map(({ id }) => id),
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
        if (delivery.attempt <= retry.attemptsMax) events.push({ ackId: toAckId(delivery), delivery });
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

function toAckId({ stored, attempt }: Delivery): string {
  return `a${stored.position.toString(36)}.${attempt.toString(36)}`;
}

interface AckId {
  readonly id: string;
  readonly position: number;
  readonly attempt: number;
}

function parseAckId(id: string): AckId {
  const match = /^a([0-9a-z]{1,11})\.([0-9a-z]{1,6})$/.exec(id);
  if (match === null) {
    throw new RefusedError(
      "INVALID_ACK_ID",
      `Cannot use ackId "${id}": it was not made by this node; send the ackId that came with the event`,
    );
  }
  return { id, position: Number.parseInt(match[1], 36), attempt: Number.parseInt(match[2], 36) };
}
