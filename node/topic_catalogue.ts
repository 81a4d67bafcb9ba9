/** Which topics were published lately, and how fast. */

import { isForNobody } from "./audience.ts";
import type { Clock } from "./clock.ts";
import type { StoredEvent } from "./event_store.ts";

export interface TopicEntry {
  readonly topic: string;
  /** Events since this node started, or since the topic was last forgotten for want of room. */
  readonly events: number;
  /** Events a second, over the last full window of ten seconds. */
  readonly ratePerSecond: number;
  /** Wall clock of the last one, ms since 1970. */
  readonly lastAt: number;
}

interface Counter {
  events: number;
  window: number; // number of the window that `current` counts
  current: number;
  previous: number;
  lastAt: number;
}

const WINDOW_MS = 10_000;
/** Topics remembered; the one that came into the list first goes first. */
const TOPICS_MAX = 10_000;

export class TopicCatalogue {
  readonly #clock: Clock;
  readonly #topics = new Map<string, Counter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(topic: string, at: number): void {
    this.#count(topic, at, this.#windowNow());
  }

  /** Events that came together; those that only pass through this cluster do not count. */
  noteAll(events: readonly Pick<StoredEvent, "topic" | "acceptedAt" | "audience">[]): void {
    const window = this.#windowNow();
    for (const event of events) {
      if (!isForNobody(event.audience)) this.#count(event.topic, event.acceptedAt, window);
    }
  }

  /** In order of topic, after topic `after`, at most `limit`. */
  list(after: string | undefined, limit: number): TopicEntry[] {
    const window = this.#windowNow();
    const topics = [...this.#topics.keys()].sort().filter((topic) => after === undefined || topic > after);
    return topics.slice(0, limit).map((topic) => {
      const counter = this.#topics.get(topic)!;
      turnTo(counter, window);
      return {
        topic,
        events: counter.events,
        ratePerSecond: counter.previous / (WINDOW_MS / 1000),
        lastAt: counter.lastAt,
      };
    });
  }

  #windowNow(): number {
    return Math.floor(this.#clock.now() / WINDOW_MS);
  }

  #count(topic: string, at: number, window: number): void {
    let counter = this.#topics.get(topic);
    if (counter === undefined) {
      if (this.#topics.size >= TOPICS_MAX) this.#topics.delete(this.#topics.keys().next().value!);
      counter = { events: 0, window, current: 0, previous: 0, lastAt: at };
      this.#topics.set(topic, counter);
    }
    turnTo(counter, window);
    counter.events++;
    counter.current++;
    counter.lastAt = at;
  }
}

function turnTo(counter: Counter, window: number): void {
  if (counter.window === window) return;
  counter.previous = counter.window === window - 1 ? counter.current : 0;
  counter.current = 0;
  counter.window = window;
}
