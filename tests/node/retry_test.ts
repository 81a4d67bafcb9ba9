import { describe, expect, it } from "bun:test";

import { backoffMs, decideRetry, type RetryPolicy } from "../../node/retry.ts";

const policy: RetryPolicy = { attemptsMax: 4, backoff: "exponential", minMs: 100, maxMs: 1000 };

describe("backoffMs()", () => {
  it("doubles from attempt to attempt up to the longest delay", () => {
    expect([1, 2, 3, 4, 5, 60].map((attempt) => backoffMs(policy, attempt))).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it("grows by the same step when linear", () => {
    const linear = { ...policy, backoff: "linear" } as const;
    expect([1, 2, 3, 11].map((attempt) => backoffMs(linear, attempt))).toEqual([100, 200, 300, 1000]);
  });

  it("stays the same when fixed", () => {
    expect([1, 9].map((attempt) => backoffMs({ ...policy, backoff: "fixed" }, attempt))).toEqual([100, 100]);
  });
});

describe("decideRetry()", () => {
  it("waits 50 to 100 % of the policy's delay", () => {
    expect(decideRetry(policy, { attempt: 2, random: 0 })).toEqual({ type: "retry", delayMs: 100 });
    expect(decideRetry(policy, { attempt: 2, random: 0.999999 })).toEqual({ type: "retry", delayMs: 200 });
  });

  it("waits at least as long as the sink asked for", () => {
    expect(decideRetry(policy, { attempt: 1, random: 0, retryAfterMs: 30_000 })).toEqual({
      type: "retry",
      delayMs: 30_000,
    });
  });

  it("gives up after the last attempt", () => {
    expect(decideRetry(policy, { attempt: 3, random: 0 }).type).toBe("retry");
    expect(decideRetry(policy, { attempt: 4, random: 0 }).type).toBe("deadLetter");
  });
});
