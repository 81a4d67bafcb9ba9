/**
 * Port: everything of the outside that routing and links depend on besides messages. The same code runs in production and
 * in a simulator; a seed then replays a run exactly. Nothing in this folder reads a clock, sets a timer or rolls dice itself.
 */

export interface World {
  /** Monotonic milliseconds. Never compared with another node's. */
  now(): number;
  /** Calls `run` once after `delayMs`; the answer cancels. Timers due at the same time run in the order they were set. */
  after(delayMs: number, run: () => void): () => void;
  /** A random integer in [0, bound), `bound` at most 2³². */
  randomInteger(bound: number): number;
}
