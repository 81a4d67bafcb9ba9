/** What became of the latest attempts at deliveries, for questions asked afterwards: in memory, the oldest forgotten first. */

export type AttemptOutcome = "acknowledged" | "retry" | "deadLettered" | "expired";

export interface Attempt {
  /** Subscription, or group where no member had the event. */
  readonly subscription: string;
  readonly position: number;
  /** 1 for the first. */
  readonly attempt: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly outcome: AttemptOutcome;
  /** For people. */
  readonly detail: string;
}

/** Attempts remembered: some 100 bytes each. */
const ATTEMPTS_MAX = 65_536;

export class RecentOutcomes {
  readonly #wall: () => number;
  readonly #attemptsMax: number;
  readonly #ring: Attempt[] = [];
  #next = 0;

  constructor(wall: () => number, attemptsMax = ATTEMPTS_MAX) {
    this.#wall = wall;
    this.#attemptsMax = attemptsMax;
  }

  note(attempt: Omit<Attempt, "at">): void {
    const { subscription, position, attempt: number, outcome, detail } = attempt;
    this.#ring[this.#next] = { subscription, position, attempt: number, at: this.#wall(), outcome, detail };
    this.#next = (this.#next + 1) % this.#attemptsMax;
  }

  /** Attempts at the event of a position, in the order of time. */
  find(position: number): Attempt[] {
    const older = this.#ring.slice(this.#next);
    const newer = this.#ring.slice(0, this.#next);
    return [...older, ...newer].filter((attempt) => attempt.position === position);
  }
}
