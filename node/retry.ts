/** When a failed delivery is tried again. */

export interface RetryPolicy {
  /** Attempts in all, the first included; after the last one the event is a dead letter. */
  readonly attemptsMax: number;
  readonly backoff: "exponential" | "linear" | "fixed";
  /** Delay after the first failure. */
  readonly minMs: number;
  /** No delay is longer, before what a sink asks for itself by `Retry-After`. */
  readonly maxMs: number;
}

/** What is done about a delivery that failed. */
export type RetryDecision =
  | { readonly type: "retry"; readonly delayMs: number }
  | { readonly type: "deadLetter" };

/**
 * Decides after attempt number `attempt` (1 for the first) has failed.
 * The delay is 50 to 100 % of the policy's value, so that what failed together does not come back together
 * (`random` in [0, 1)); what the sink asked for (`retryAfterMs`) is a floor, never shortened by the jitter.
 */
export function decideRetry(
  policy: RetryPolicy,
  failure: { attempt: number; random: number; retryAfterMs?: number },
): RetryDecision {
  if (failure.attempt >= policy.attemptsMax) return { type: "deadLetter" };
  const jittered = backoffMs(policy, failure.attempt) * (0.5 + failure.random / 2);
  return { type: "retry", delayMs: Math.max(Math.round(jittered), failure.retryAfterMs ?? 0) };
}

/** The policy's delay after attempt `attempt`, before jitter. Exponential has the factor 2. */
export function backoffMs(policy: RetryPolicy, attempt: number): number {
  const steps = Math.min(attempt - 1, 52); // 2^53 would no longer be exact, and every cap is far below it
  switch (policy.backoff) {
    case "exponential":
      return Math.min(policy.maxMs, policy.minMs * 2 ** steps);
    case "linear":
      return Math.min(policy.maxMs, policy.minMs * (steps + 1));
    case "fixed":
      return Math.min(policy.maxMs, policy.minMs);
  }
  policy.backoff satisfies never;
}
