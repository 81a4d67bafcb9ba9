/** Pushes a queue's events to a sink, as many at a time as the subscription allows. */

import type { Clock } from "../clock.ts";
import { RefusedError } from "../errors.ts";
import type { CloudEvent } from "../event.ts";
import type { Sink, SinkOutcome } from "../sink.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import { toBatchRequests } from "./batch_requests.ts";
import { Circuit } from "./circuit.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveryQueue } from "./delivery_queue.ts";
import { type Failure, type FailureContext, handleFailure } from "./failure.ts";
import type { QueueMember } from "./queue_members.ts";

export interface PushContext extends FailureContext {
  readonly clock: Clock;
  /** The sink is gone for good (410); resolves once the subscription is paused, rejects if that cannot be written. */
  readonly onGone: (detail: string) => Promise<void>;
  /** A sink answered with an event of its own. */
  readonly onReply: (event: CloudEvent) => Promise<void>;
}

/** When something failed that is not the sink's fault, it is tried again after this. */
const RETRY_MS = 1000;

/** What became of attempts, for the status of the subscription. */
export interface PushStats {
  delivered: number;
  failed: number;
  lastError: string | null;
}

export class PushWorker implements QueueMember {
  readonly stats: PushStats = { delivered: 0, failed: 0, lastError: null };
  readonly #context: PushContext;
  readonly #queue: DeliveryQueue;
  readonly #subscription: Subscription;
  readonly #sink: Sink;
  readonly #circuit = new Circuit();
  readonly #abort = new AbortController();
  #inFlight = 0;
  #stopped: Promise<void> | undefined;
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

  /** Takes nothing more and waits for what is under way, at most `graceMs`; what is cut short stays open. Idempotent. */
  stop(graceMs: number): Promise<void> {
    if (graceMs <= 0) this.#abort.abort();
    return this.#stopped ??= this.#stop(graceMs);
  }

  async #stop(graceMs: number): Promise<void> {
    this.#cancelProbe?.();
    this.#cancelLinger?.();
    this.#queue.leave(this);
    if (this.#inFlight === 0) return;
    const idle = new Promise<void>((resolve) => this.#idle = resolve);
    const cancel = this.#context.clock.after(graceMs, () => this.#abort.abort());
    await idle;
    cancel();
  }

  onReady(): void {
    const inBatches = this.#subscription.protocolsettings.mode === "batch";
    while (!this.#rests && !(inBatches && this.#lingers()) && this.#takeAndPush());
    if (!this.#rests) this.#awaitCircuit();
  }

  get #rests(): boolean {
    return this.#stopped !== undefined || this.#gone;
  }

  /** Batch mode: whether to wait on for a request to become full. */
  #lingers(): boolean {
    const { maxSize, maxWaitMs } = this.#subscription.protocolsettings;
    const waiting = this.#queue.lag - this.#queue.inFlight;
    if (maxWaitMs === 0 || waiting <= 0 || waiting >= maxSize) return false;
    this.#cancelLinger ??= this.#context.clock.after(maxWaitMs, () => {
      this.#cancelLinger = undefined;
      if (!this.#rests) this.#takeAndPush();
    });
    return true;
  }

  /** Whether there was something to push. */
  #takeAndPush(): boolean {
    const { config, protocolsettings: { mode, maxSize } } = this.#subscription;
    const room = Math.min(config.maxInFlight - this.#inFlight, this.#circuit.allowance(this.#context.clock.now()));
    if (room <= 0) return false;
    const eventsMax = mode === "batch" ? maxSize : 1;
    const deliveries = this.#queue.take(Math.min(eventsMax, room));
    if (deliveries.length === 0) return false;
    this.#circuit.began();
    this.#inFlight += deliveries.length;
    for (const request of toBatchRequests(deliveries, { maxSize: eventsMax, attemptsMax: config.retry.attemptsMax })) {
      void this.#push(request);
    }
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
    try {
      await this.#act(outcome, deliveries);
    } catch (error) {
      this.#context.onError(error);
      for (const { stored } of deliveries) this.#queue.retryLater(stored.position, RETRY_MS);
    }
    this.#inFlight -= deliveries.length;
    if (this.#stopped !== undefined) {
      if (this.#inFlight === 0) this.#idle?.();
    } else this.onReady();
  }

  async #act(outcome: SinkOutcome, deliveries: readonly Delivery[]): Promise<void> {
    switch (outcome.type) {
      case "acknowledged":
        if (outcome.replyProblem !== undefined) this.#note(outcome.replyProblem);
        return await this.#acknowledge(deliveries, outcome.reply);
      case "pause":
        this.#note(outcome.reason);
        this.#giveUpSink(outcome.reason);
        for (const { stored } of deliveries) this.#queue.retryLater(stored.position, 0, false);
        return;
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
    if (reply !== undefined && !await this.#publish(reply, deliveries)) return;
    for (const { stored: { position }, attempt } of deliveries) {
      const subscription = this.#subscription.id;
      this.#context.outcomes?.note({ subscription, position, attempt, outcome: "acknowledged", detail: "pushed" });
      this.#queue.acknowledge(position);
    }
  }

  /** Whether the delivery is over: a reply that is refused would be refused again, one for which there is no room would not. */
  async #publish(reply: CloudEvent, deliveries: readonly Delivery[]): Promise<boolean> {
    try {
      await this.#context.onReply(reply);
      return true;
    } catch (error) {
      const detail = `the sink's reply was not published: ${(error as Error).message}`;
      this.#note(detail);
      if (error instanceof RefusedError) return true;
      await this.#handle(deliveries, { reason: "REPLY_NOT_STORED", detail, retryAfterMs: RETRY_MS });
      return false;
    }
  }

  /** Takes nothing more until the subscription is paused, or could not be. */
  #giveUpSink(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#context.onGone(reason).catch((error) => {
      this.#context.onError(error);
      this.#cancelProbe?.();
      this.#cancelProbe = this.#context.clock.after(RETRY_MS, () => {
        this.#gone = false;
        this.onReady();
      });
    });
  }

  async #fail(deliveries: readonly Delivery[], failure: Failure): Promise<void> {
    const { minMs, maxMs } = this.#subscription.config.retry;
    const first = deliveries.some(({ attempt }) => attempt === 1);
    this.#circuit.failed(this.#context.clock.now(), { minMs, maxMs, first });
    this.#note(failure.detail);
    this.stats.failed += deliveries.length;
    await this.#handle(deliveries, failure);
  }

  async #handle(deliveries: readonly Delivery[], failure: Failure): Promise<void> {
    for (const delivery of deliveries) {
      await handleFailure(this.#context, this.#queue, this.#subscription, delivery, failure);
    }
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
