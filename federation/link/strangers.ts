/** Processes that were turned away, and those that turned this node away: kept for a while, so that an operator sees why. */

export interface Stranger {
  /** A stable code, and what it is about this time. */
  readonly code: string;
  readonly detail: string;
  readonly busName: string;
  /** This side dialled the bus that they met on. */
  readonly dialled: boolean;
  /** Where it says that it can be dialled. */
  readonly url: string | undefined;
  /** Since when, ms on the monotonic clock. */
  readonly since: number;
  /** When it was last so. */
  readonly at: number;
}

/** Who is turned away asks again every 15 seconds at least. */
const REMEMBERED_MS = 60_000;
/** Anybody who reaches an endpoint can be one: past this the one that was silent longest is forgotten. */
const STRANGERS_MAX = 64;

export class Strangers {
  /** By who it is, the one that was silent longest first. */
  readonly #strangers = new Map<string, Stranger>();

  note(who: string, { at, ...stranger }: Omit<Stranger, "since">): void {
    const before = this.#strangers.get(who);
    const isNews = before === undefined || before.code !== stranger.code || at - before.at > REMEMBERED_MS;
    this.#strangers.delete(who);
    if (this.#strangers.size >= STRANGERS_MAX) this.#strangers.delete(this.#strangers.keys().next().value!);
    this.#strangers.set(who, { ...stranger, at, since: isNews ? at : before.since });
  }

  /** It is a stranger no more. */
  forget(who: string): void {
    this.#strangers.delete(who);
  }

  /** Of the last minute, the latest last. */
  list(now: number): readonly Stranger[] {
    return [...this.#strangers.values()].filter(({ at }) => now - at <= REMEMBERED_MS);
  }
}
