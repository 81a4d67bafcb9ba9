/**
 * Whether the other side of a bus hears us and we hear it: both ways, or the link counts as down (design, "black hole,
 * one-way loss"). Measures the round trip on the way.
 */

/** The numbers that travel with every HELLO. */
export interface Beat {
  /** Counts our hellos. */
  readonly number: number;
  /** The last number heard of the other side; 0: none. */
  readonly echo: number;
  /** How long ago that was, ms. */
  readonly echoDelayMs: number;
}

/** Sent times kept, to measure echoes: about a minute. */
const REMEMBERED = 256;
/** A hello that says less often would find a dead link too late. */
export const HELLO_MS = 250;
const MISSES = 3;
/** Whether it is time for a HELLO, and whether there is silence, is looked at this often. */
export const LOOK_MS = 125;
/** A busy machine is late by some tenths; with the look that comes after it a dead link is still known within a second. */
const SILENCE_MS_MIN = 875;
/**
 * A stall that looked like a long round trip must not keep a dead link up: no round trip counts for more. So silence is
 * known within 9 s, and one of up to 8 s can still be had.
 */
const RTT_MS_MAX = 1250;

/** Hellos to one neighbour count on from session to session: the neighbour may not have noticed that one ended. */
export interface BeatNumbers {
  last: number;
}

export class Heartbeat {
  readonly #numbers: BeatNumbers;
  readonly #sentNumbers = new Float64Array(REMEMBERED);
  readonly #sentAt = new Float64Array(REMEMBERED);
  #heard = 0;
  #heardAt = 0;
  /** When the hello was sent that is the latest of which an echo came: up to then we are known to be heard. */
  #provenAt = -Infinity;
  #rttMs = 0;

  constructor(numbers: BeatNumbers = { last: 0 }) {
    this.#numbers = numbers;
  }

  /** The numbers of the next hello. */
  next(now: number): Beat {
    const number = ++this.#numbers.last;
    this.#sentNumbers[number % REMEMBERED] = number;
    this.#sentAt[number % REMEMBERED] = now;
    const echoDelayMs = Math.min(65_535, Math.max(0, Math.round(now - this.#heardAt)));
    return { number, echo: this.#heard, echoDelayMs: this.#heard === 0 ? 0 : echoDelayMs };
  }

  /** A hello came. A repeated or late one proves nothing new. */
  hear({ number, echo, echoDelayMs }: Beat, now: number): void {
    if (number > this.#heard) {
      this.#heard = number;
      this.#heardAt = now;
    }
    if (echo === 0 || this.#sentNumbers[echo % REMEMBERED] !== echo) return;
    const sentAt = this.#sentAt[echo % REMEMBERED];
    if (sentAt <= this.#provenAt) return;
    this.#provenAt = sentAt;
    const rtt = Math.max(0, now - sentAt - echoDelayMs);
    this.#rttMs = this.#rttMs === 0 ? rtt : this.#rttMs + (rtt - this.#rttMs) / 8;
  }

  /** Smoothed, ms; 0 before the first echo. */
  get rttMs(): number {
    return this.#rttMs;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** The other side has answered at least once. */
  get proven(): boolean {
    return this.#provenAt !== -Infinity;
  }

  /** Time between hellos. */
  get intervalMs(): number {
    return Math.max(HELLO_MS, Math.ceil(2 * this.#countedRttMs));
  }

  /** Silence, or not being heard, for so long means down: less than a second, or seven round trips, by a look; 9 s at most. */
  get deadlineMs(): number {
    return Math.max(SILENCE_MS_MIN, Math.ceil(MISSES * this.intervalMs + this.#countedRttMs) - LOOK_MS);
  }

  get #countedRttMs(): number {
    return Math.min(RTT_MS_MAX, this.#rttMs);
  }

  isDead(now: number): boolean {
    return now - Math.min(this.#heardAt, this.#provenAt + this.intervalMs) > this.deadlineMs;
  }

  /** This side did not run for a while: it cannot blame the other one for that. */
  forgive(ms: number): void {
    this.#heardAt += ms;
    this.#provenAt += ms;
  }
}
