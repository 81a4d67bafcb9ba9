/** Matches each new event once and pushes it to the followers that keep up; the others read the log in their own time. */

import { isForNobody } from "./audience.ts";
import type { Clock } from "./clock.ts";
import type { EventStore, StoredEvent } from "./event_store.ts";
import type { LogFeed, LogFollower } from "./log_follower.ts";
import { LocalInterest } from "./local_interest.ts";
import { Matcher } from "./matcher/mod.ts";
import { isSystemPattern, isSystemTopic } from "./system_topics.ts";

/** A slow or dead reader costs another one nothing: nothing here waits, and nothing is kept per reader. */
export class Dispatcher implements LogFeed {
  readonly store: EventStore;
  readonly #clock: Clock;
  readonly #matcher = new Matcher<LogFollower>();
  readonly #stop: () => void;
  readonly #matched: LogFollower[] = [];
  readonly #interest = new LocalInterest();
  #position: number;

  constructor(store: EventStore, clock: Clock) {
    this.store = store;
    this.#clock = clock;
    this.#position = store.head;
    this.#stop = store.onAppend((events) => this.#dispatch(events));
  }

  get position(): number {
    return this.#position;
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#clock.after(delayMs, run);
  }

  attach(follower: LogFollower): void {
    if (!this.#matcher.add(follower.pattern, follower)) return;
    this.#interest.add(follower.pattern, this.#clock.now());
    follower.start();
  }

  detach(follower: LogFollower): void {
    if (this.#matcher.remove(follower.pattern, follower)) this.#interest.remove(follower.pattern);
    follower.close();
  }

  /** What is wanted here, by pattern: the local part of the routing table, and what peers are told. */
  get interest(): LocalInterest {
    return this.#interest;
  }

  /** Followers whose pattern fits a topic: what `explain` asks, and the very call that dispatch makes. */
  match(topic: string, into: LogFollower[] = []): LogFollower[] {
    into.length = 0;
    this.#matcher.match(topic, into);
    return isSystemTopic(topic) ? into.filter((follower) => isSystemPattern(follower.pattern)) : into;
  }

  close(): void {
    this.#stop();
  }

  #dispatch(events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (!isForNobody(event.audience)) {
        for (const follower of this.match(event.topic, this.#matched)) follower.offer(event);
      }
      this.#position = event.position;
    }
  }
}
