/** Pushes a queue's events to a sink, as many at a time as the subscription allows. */

import type { Clock } from "../clock.ts";
import type { CloudEvent } from "../event.ts";
import type { Sink, SinkOutcome } from "../sink.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import { Circuit } from "./circuit.ts";
import type { Delivery, DeliveryQueue } from "./delivery_queue.ts";
import { type Failure, type FailureContext, handleFailure } from "./failure.ts";
import type { QueueMember } from "./queue_members.ts";

export interface PushContext extends FailureContext {
  readonly clock: Clock;
  /** The sink is gone for good (410): the subscription is paused. */
  readonly onGone: (detail: string) => void;
  /** A sink answered with an event of its own. */
  readonly onReply: (event: CloudEvent) => Promise<void>;
}

/** What became of attempts, for the status of the subscription. */
export interface PushStats {
  delivered: number;
  failed: number;
  lastError: string | null;
}

/** A sink that is gone is left alone this long, ms: in it the subscription is paused, unless the store refuses. */
const GONE_HOLD_MS = 1000;

export class PushWorker implements QueueMember {
  readonly stats: PushStats = { delivered: 0, failed: 0, lastError: null };
  readonly #context: PushContext;
  readonly #queue: DeliveryQueue;
  readonly #subscription: Subscription;
  readonly #sink: Sink;
  readonly #circuit = new Circuit();
  readonly #abort = new AbortController();
  #inFlight = 0;
  #stopped = false;
  #gone = false;
  #cancelProbe: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;
  #idle: (() => void) | undefined;

  constructor(context: PushContext, queue: DeliveryQueue, subscription: Subscription, sink: Sink) {
    this.#context = context;
    this.#queue = queue;
    this.#subscription = subscription;
    this.#sink = sink;
  }

  get failing(): boolean {
    return this.#circuit.failures > 0;
  }

  /** Whether the sink is being spared because it failed again and again. */
  get circuitOpen(): boolean {
    return this.#circuit.open;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  start(): void {
    this.#queue.join(this);
    this.onReady();
  }

  /** Takes nothing more and waits for what is under way, at most `graceMs`; what is cut short stays open. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelProbe?.();
    this.#cancelLinger?.();
    this.#queue.leave(this);
    if (this.#inFlight === 0) return;
    const idle = new Promise<void>((resolve) => this.#idle = resolve);
    if (graceMs <= 0) this.#abort.abort();
    const cancel = this.#context.clock.after(graceMs, () => this.#abort.abort());
    await idle;
    cancel();
  }

  onReady(): void {
    const { mode, maxSize } = this.#subscription.protocolsettings;
    const eventsMax = mode === "batch" ? maxSize : 1;
    while (!this.#stopped && !(mode === "batch" && this.#lingers()) && this.#takeAndPush(eventsMax));
    if (!this.#stopped) this.#awaitCircuit();
  }

  /** Batch mode: whether to wait on for a request to become full. */
  #lingers(): boolean {
    const { maxSize, maxWaitMs } = this.#subscription.protocolsettings;
    const waiting = this.#queue.lag - this.#queue.inFlight;
    if (maxWaitMs === 0 || waiting <= 0 || waiting >= maxSize) return false;
    this.#cancelLinger ??= this.#context.clock.after(maxWaitMs, () => {
      this.#cancelLinger = undefined;
      if (!this.#stopped) this.#takeAndPush(maxSize);
    });
    return true;
  }

  /** Whether there was something to push. */
  #takeAndPush(eventsMax: number): boolean {
    if (this.#gone) return false;
    const { maxInFlight } = this.#subscription.config;
    const room = Math.min(maxInFlight - this.#inFlight, this.#circuit.allowance(this.#context.clock.now()));
    if (room <= 0) return false;
    // A probe of an open circuit is one request, however many events it may hold.
    const deliveries = this.#queue.take(Math.min(eventsMax, maxInFlight - this.#inFlight));
    if (deliveries.length === 0) return false;
    this.#circuit.began();
    this.#inFlight += deliveries.length;
    void this.#push(deliveries);
    return true;
  }

  async #push(deliveries: readonly Delivery[]): Promise<void> {
    const requests = deliveries.map(({ stored, attempt }) => ({
      event: stored.event,
      deliveryId: deliveryId(this.#subscription.id, stored),
      attempt,
    }));
    let outcome: SinkOutcome;
    try {
      outcome = await this.#sink.deliver(requests, { signal: this.#abort.signal });
    } catch (error) { // stopped, or a sink that broke its promise
      outcome = { type: "retry", reason: `the delivery was cut short: ${(error as Error).message}` };
    }
    await this.#act(outcome, deliveries);
    this.#inFlight -= deliveries.length;
    if (this.#stopped) {
      if (this.#inFlight === 0) this.#idle?.();
    } else this.onReady();
  }

  async #act(outcome: SinkOutcome, deliveries: readonly Delivery[]): Promise<void> {
    switch (outcome.type) {
      case "acknowledged":
        if (outcome.replyProblem !== undefined) this.#note(outcome.replyProblem);
        return await this.#acknowledge(deliveries, outcome.reply);
      case "pause":
        for (const { stored } of deliveries) this.#queue.retryLater(stored.position, 0, false);
        this.#note(outcome.reason);
        this.#hold();
        return this.#context.onGone(outcome.reason);
      case "retry":
        if (this.#abort.signal.aborted) {
          for (const { stored } of deliveries) this.#queue.retryLater(stored.position, 0, false);
          return;
        }
        return await this.#fail(deliveries, {
          reason: "ATTEMPTS_EXHAUSTED",
          detail: outcome.reason,
          retryAfterMs: outcome.retryAfterMs,
          response: outcome.response,
        });
      case "reject":
        return await this.#fail(deliveries, {
          reason: "REJECTED",
          detail: outcome.reason,
          response: outcome.response,
          final: true,
        });
    }
    outcome satisfies never;
  }

  async #acknowledge(deliveries: readonly Delivery[], reply: CloudEvent | undefined): Promise<void> {
    this.#circuit.succeeded();
    this.stats.delivered += deliveries.length;
    // The reply first: a kill between the two repeats the delivery and so the reply, and loses neither.
    if (reply !== undefined) await this.#context.onReply(reply);
    for (const { stored } of deliveries) this.#queue.acknowledge(stored.position);
  }

  async #fail(deliveries: readonly Delivery[], failure: Failure): Promise<void> {
    this.#circuit.failed(this.#context.clock.now(), this.#subscription.config.retry);
    this.#note(failure.detail);
    this.stats.failed += deliveries.length;
    for (const delivery of deliveries) {
      await handleFailure(this.#context, this.#queue, this.#subscription, delivery, failure);
    }
  }

  #hold(): void {
    this.#gone = true;
    this.#cancelProbe?.();
    this.#cancelProbe = this.#context.clock.after(GONE_HOLD_MS, () => {
      this.#gone = false;
      this.onReady();
    });
  }

  #note(error: string): void {
    this.stats.lastError = error;
  }

  #awaitCircuit(): void {
    const waitMs = this.#circuit.waitMs(this.#context.clock.now());
    if (waitMs === 0 || this.#gone) return;
    this.#cancelProbe?.();
    this.#cancelProbe = this.#context.clock.after(waitMs, () => this.onReady());
  }
}

/** Stable over retries and restarts, and not the event's id, which its publisher chooses (Standard Webhooks, "webhook-id"). */
function deliveryId(subscription: string, stored: { epoch: number; sequence: number }): string {
  const name = subscription.replace(/[^A-Za-z0-9-]/g, "-");
  return `msg_${stored.epoch.toString(36)}_${stored.sequence.toString(36)}_${name}`;
}
