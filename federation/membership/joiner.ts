/** Dials the nodes that this one should be linked with, for ever: jittered, and faster after a success than after failures. */

import type { DialBus, DialFailure, LinkBus } from "../link/link_bus.ts";
import type { World } from "../world.ts";

export interface JoinerParts {
  readonly world: World;
  readonly dial: DialBus;
  /** Takes a bus that was dialled; it is told when the bus has ended. */
  readonly onBus: (url: string, bus: LinkBus) => void;
  readonly onFailure: (url: string, failure: DialFailure) => void;
}

export interface JoinStatus {
  readonly url: string;
  readonly state: "dialling" | "open" | "waiting";
  /** Dials since a link over it was last up, or ever. */
  readonly attempts: number;
  /** Until it is dialled again, ms; `undefined`: it is being dialled, or the bus is open. */
  readonly nextDialInMs: number | undefined;
  readonly lastError: string | undefined;
  /** Where the URL was learnt from. */
  readonly learnt: string;
}

/** First delay after a failure, doubled up to the longest: a mesh that was alone for days is found within half a minute. */
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 15_000;
const DIAL_TIMEOUT_MS = 5000;

interface Target {
  readonly url: string;
  readonly learnt: string;
  state: JoinStatus["state"];
  attempts: number;
  failures: number;
  /** Reading of the monotonic clock, ms, while the state is `waiting`. */
  dialAt: number;
  lastError: string | undefined;
  cancel: (() => void) | undefined;
}

export class Joiner {
  readonly #parts: JoinerParts;
  readonly #targets = new Map<string, Target>();
  #stopped = false;

  constructor(parts: JoinerParts) {
    this.#parts = parts;
  }

  /** Keeps a bus to that URL from now on. Idempotent. */
  add(url: string, learnt: string): void {
    if (this.#targets.has(url) || this.#stopped) return;
    const target: Target = {
      url,
      learnt,
      state: "waiting",
      attempts: 0,
      failures: 0,
      dialAt: 0,
      lastError: undefined,
      cancel: undefined,
    };
    this.#targets.set(url, target);
    this.#dial(target);
  }

  /** Dials it no more; a bus that is open stays. */
  remove(url: string): void {
    this.#targets.get(url)?.cancel?.();
    this.#targets.delete(url);
  }

  has(url: string): boolean {
    return this.#targets.has(url);
  }

  get status(): readonly JoinStatus[] {
    const now = this.#parts.world.now();
    return [...this.#targets.values()].map(({ url, state, attempts, dialAt, lastError, learnt }) => ({
      url,
      state,
      attempts,
      nextDialInMs: state === "waiting" ? Math.max(0, Math.round(dialAt - now)) : undefined,
      lastError,
      learnt,
    }));
  }

  /** Something of a target went wrong after it was dialled: the other side refused this node. */
  noteError(url: string, detail: string): void {
    const target = this.#targets.get(url);
    if (target !== undefined) target.lastError = detail;
  }

  /** The link over the bus to that URL is up: the next failure is a first one. */
  noteLinked(url: string): void {
    const target = this.#targets.get(url);
    if (target === undefined) return;
    target.failures = 0;
    target.attempts = 0;
    target.lastError = undefined;
  }

  stop(): void {
    this.#stopped = true;
    for (const { cancel } of this.#targets.values()) cancel?.();
  }

  #dial(target: Target): void {
    if (this.#stopped) return;
    target.state = "dialling";
    target.attempts++;
    const cancel = this.#parts.dial(target.url, { timeoutMs: DIAL_TIMEOUT_MS }, (result) => {
      target.cancel = undefined;
      if ("failure" in result) {
        target.lastError = `${result.failure.code}: ${result.failure.detail}`;
        this.#parts.onFailure(target.url, result.failure);
        return this.#retry(target);
      }
      if (this.#stopped || this.#targets.get(target.url) !== target) return result.bus.close();
      target.state = "open";
      this.#parts.onBus(target.url, result.bus);
      result.bus.onClosed((reason) => {
        target.lastError ??= reason;
        if (this.#targets.get(target.url) === target) this.#retry(target);
      });
    });
    if (target.state === "dialling") target.cancel = cancel; // else it was answered at once
  }

  #retry(target: Target): void {
    if (this.#stopped) return;
    target.state = "waiting";
    const longest = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * (1 << Math.min(target.failures++, 10)));
    const delayMs = Math.ceil(longest / 2) + this.#parts.world.randomInteger(Math.ceil(longest / 2) + 1);
    target.dialAt = this.#parts.world.now() + delayMs;
    target.cancel = this.#parts.world.after(delayMs, () => this.#dial(target));
  }
}
