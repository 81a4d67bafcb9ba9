/** The subscriptions of one connection, by the number that the client gave each. */

import { patternMatches } from "../../../node/mod.ts";
import type { ClientSubscription } from "./client_subscription.ts";
import { SUBSCRIPTIONS_MAX } from "./limits.ts";

export class SubscriptionTable<Kind extends ClientSubscription> {
  readonly #bySid = new Map<string, Kind>();
  readonly #onRemoved: (subscription: Kind) => void;

  /** `onRemoved`: called once for each that ends, however it ends. */
  constructor(onRemoved: (subscription: Kind) => void) {
    this.#onRemoved = onRemoved;
  }

  get full(): boolean {
    return this.#bySid.size >= SUBSCRIPTIONS_MAX;
  }

  has(sid: string): boolean {
    return this.#bySid.has(sid);
  }

  add(subscription: Kind): void {
    this.#bySid.set(subscription.sid, subscription);
  }

  /** Ends it, now or after `max` messages in all. An unknown number is none of our business, as for nats-server. */
  unsubscribe(sid: string, max: number | undefined): void {
    const subscription = this.#bySid.get(sid);
    if (subscription === undefined) return;
    if (max === undefined) this.remove(subscription);
    else subscription.limit(max);
  }

  remove(subscription: Kind): void {
    if (this.#bySid.get(subscription.sid) !== subscription) return;
    this.#bySid.delete(subscription.sid);
    subscription.close();
    this.#onRemoved(subscription);
  }

  /** One that a message of that subject fits. */
  find(subject: string): Kind | undefined {
    for (const subscription of this.#bySid.values()) {
      if (patternMatches(subscription.subject, subject)) return subscription;
    }
    return undefined;
  }

  wake(): void {
    for (const subscription of this.#bySid.values()) subscription.wake();
  }

  clear(): void {
    for (const subscription of [...this.#bySid.values()]) this.remove(subscription);
  }
}
