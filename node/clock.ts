/** Port: time. Everything in the node that waits or measures gets it from here, so that tests own it. */

export interface Clock {
  /** Monotonic milliseconds; the origin is arbitrary. */
  now(): number;
  /** Wall clock, milliseconds since 1970. For people and for what a wire format demands; it may jump. */
  wall(): number;
  /** Calls `run` once after `delayMs`; the answer cancels it. A timer never keeps the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** Longest delay that timers of both runtimes take (2³¹−1 ms); a longer one fires early, and its owner looks again. */
const DELAY_MAX_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), DELAY_MAX_MS)) as unknown as
      | number
      | { unref?(): void };
    if (typeof timer === "object") timer.unref?.();
    return () => clearTimeout(timer as number);
  },
};
