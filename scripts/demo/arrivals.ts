/** What comes to a subscriber: each event, how often, and when. */

import { connect } from "../../adapters/client/mod.ts";

export class Arrivals implements Disposable {
  readonly #stop = new AbortController();
  readonly #times = new Map<string, number>();
  #repeats = 0;
  /** Rejects when the stream fails. */
  readonly #reading: Promise<void>;

  /** `onReady`: from then on it sees what comes. */
  constructor(url: string, pattern: string, onReady: () => void) {
    this.#reading = this.#read(url, pattern, onReady);
    this.#reading.catch(() => {}); // told by `failed`
  }

  /** A failure ends the demonstration; resolves when the stream was closed. */
  get ended(): Promise<void> {
    return this.#reading;
  }

  /** When it came, on the clock of `performance.now()`. */
  timeOf(id: string): number | undefined {
    return this.#times.get(id);
  }

  /** Events that came more than once, each time counted. */
  get repeats(): number {
    return this.#repeats;
  }

  missing(ids: readonly string[]): readonly string[] {
    return ids.filter((id) => !this.#times.has(id));
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #read(url: string, pattern: string, onReady: () => void): Promise<void> {
    for await (const { event } of connect(url).subscribe(pattern, { onReady, signal: this.#stop.signal })) {
      if (this.#times.has(event.id)) this.#repeats++;
      else this.#times.set(event.id, performance.now());
    }
  }
}
