/** What is done about a delivery that failed: again later, or a dead letter. Push and pull share it. */

import type { DeadLetters } from "../dead_letters.ts";
import { decideRetry } from "../retry.ts";
import type { SinkResponse } from "../sink.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveryQueue } from "./delivery_queue.ts";
import type { RecentOutcomes } from "./recent_outcomes.ts";

export interface Failure {
  /** Stable code for the dead letter, should this have been the last attempt. */
  readonly reason: string;
  /** For people. */
  readonly detail: string;
  readonly retryAfterMs?: number;
  /** A delay that the consumer chose itself: no backoff, no jitter. */
  readonly delayMs?: number;
  readonly response?: SinkResponse;
  /** Trying again cannot help. */
  readonly final?: boolean;
}

export interface FailureContext {
  readonly deadLetters: DeadLetters;
  readonly random: () => number;
  readonly wall: () => number;
  /** A letter was written. */
  readonly onDeadLetter: (letter: { id: string; subscription: string; reason: string; delivery: Delivery }) => void;
  readonly onError: (error: unknown) => void;
  /** Where attempts are remembered, if anywhere. */
  readonly outcomes?: RecentOutcomes;
}

/** Decides and acts; resolves when a dead letter is durable. Never rejects: what cannot be written stays open. */
export async function handleFailure(
  context: FailureContext,
  queue: DeliveryQueue,
  subscription: Subscription,
  delivery: Delivery,
  failure: Failure,
): Promise<void> {
  const { position } = delivery.stored;
  const { attempt } = delivery;
  const { retry } = subscription.config;
  const decision = failure.final
    ? { type: "deadLetter" as const }
    : decideRetry(retry, { attempt, random: context.random(), retryAfterMs: failure.retryAfterMs });
  const outcome = decision.type === "retry" ? "retry" : "deadLettered";
  context.outcomes?.note({ subscription: subscription.id, position, attempt, outcome, detail: failure.detail });
  if (decision.type === "retry") {
    queue.retryLater(position, failure.delayMs ?? decision.delayMs);
    return;
  }
  try {
    await bury(context, queue, subscription, delivery, failure);
  } catch (error) {
    context.onError(error); // the queue has it open again and tries later
  }
}

async function bury(
  context: FailureContext,
  queue: DeliveryQueue,
  subscription: Subscription,
  delivery: Delivery,
  failure: Failure,
): Promise<void> {
  const { position } = delivery.stored;
  if (!subscription.config.deadLetter) return void await queue.settleAs("deadLettered", position, []);
  const letter = context.deadLetters.toChange(delivery.stored, {
    subscription: subscription.id,
    reason: failure.reason,
    detail: failure.detail,
    attempts: delivery.attempt,
    lastResponse: failure.response ?? null,
    at: context.wall(),
  });
  if (!await queue.settleAs("deadLettered", position, [letter.change])) return; // settled by another answer meanwhile
  context.onDeadLetter({ id: letter.id, subscription: subscription.id, reason: failure.reason, delivery });
}
