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

/** Attempts remembered: 40 bytes each, and what was said of the failed ones. */
const ATTEMPTS_MAX = 65_536;
/** Characters kept of a detail: a sink may answer at length. */
const DETAIL_MAX = 200;
const OUTCOMES: readonly AttemptOutcome[] = ["acknowledged", "retry", "deadLettered", "expired"];

/** A ring in columns: noting an attempt is on the path of every delivery, and leaves nothing for the collector. */
export class RecentOutcomes {
  readonly #wall: () => number;
  readonly #attemptsMax: number;
  readonly #positions: Float64Array;
  readonly #times: Float64Array;
  readonly #numbers: Uint32Array;
  readonly #outcomes: Uint8Array;
  readonly #subscriptions: string[] = [];
  readonly #details: string[] = [];
  #next = 0;

  constructor(wall: () => number, attemptsMax = ATTEMPTS_MAX) {
    this.#wall = wall;
    this.#attemptsMax = attemptsMax;
    this.#positions = new Float64Array(attemptsMax);
    this.#times = new Float64Array(attemptsMax);
    this.#numbers = new Uint32Array(attemptsMax);
    this.#outcomes = new Uint8Array(attemptsMax);
  }

  note({ subscription, position, attempt, outcome, detail }: Omit<Attempt, "at">): void {
    const slot = this.#next;
    this.#positions[slot] = position;
    this.#times[slot] = this.#wall();
    this.#numbers[slot] = attempt;
    this.#outcomes[slot] = OUTCOMES.indexOf(outcome);
    this.#subscriptions[slot] = subscription;
    this.#details[slot] = detail.length <= DETAIL_MAX ? detail : copyOf(detail.slice(0, DETAIL_MAX));
    this.#next = (slot + 1) % this.#attemptsMax;
  }

  /** Attempts at the event of a position, which begins with 1, in the order of time. */
  find(position: number): Attempt[] {
    const found: Attempt[] = [];
    for (let i = 0; i < this.#attemptsMax; i++) {
      const slot = (this.#next + i) % this.#attemptsMax;
      if (this.#positions[slot] === position) found.push(this.#read(slot));
    }
    return found;
  }

  #read(slot: number): Attempt {
    return {
      subscription: this.#subscriptions[slot],
      position: this.#positions[slot],
      attempt: this.#numbers[slot],
      at: this.#times[slot],
      outcome: OUTCOMES[this.#outcomes[slot]],
      detail: this.#details[slot],
    };
  }
}

/** A part of a text may keep the whole of it in memory; this one does not. */
function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text));
}
