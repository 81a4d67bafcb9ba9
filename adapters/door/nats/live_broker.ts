/**
 * Messages that are not events, from client to client: replies, and what nodes say to each other. At most once, nothing
 * is kept.
 */

import { Matcher, patternsOverlap } from "../../../node/mod.ts";
import { isInbox } from "./subjects.ts";

export interface LiveMessage {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly headers: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/** One who publishes and subscribes here; told apart by identity. */
export interface LiveClient {
  /** Whether it gets what it publishes itself. */
  readonly echo: boolean;
  /** Of the hub: another client has gone, with its subscriptions. Must not throw. */
  otherGone?(): void;
}

export interface LiveSubscriber {
  readonly client: LiveClient;
  readonly subject: string;
  /** Of those with the same queue one gets a message. */
  readonly queue: string | undefined;
  /** Must not throw. */
  deliver(message: LiveMessage, from: LiveClient): void;
}

const NOBODY: readonly LiveSubscriber[] = [];

export class LiveBroker {
  readonly #matcher = new Matcher<LiveSubscriber>();
  /** Subscriptions to inboxes by their first two tokens. */
  readonly #inboxes = new Map<string, Set<LiveSubscriber>>();
  readonly #found: LiveSubscriber[] = [];
  #turn = 0;
  /** When set, the clients speak with this one and not with each other: an endpoint is no rendezvous of its neighbours. */
  hub: LiveClient | undefined;

  /**
   * Whether a client may read an inbox: its second token must be written out, and no other client reads any part of it.
   * So a reply reaches the one who asked, and nobody can listen to all of them.
   */
  mayRead(client: LiveClient, subject: string): boolean {
    if (!isInbox(subject)) return true;
    const root = inboxRoot(subject);
    if (/(^|\.)[*>](\.|$)/.test(root)) return false;
    for (const other of this.#inboxes.get(root) ?? NOBODY) {
      if (other.client !== client && patternsOverlap(other.subject, subject)) return false;
    }
    return true;
  }

  /** `subject` must be a valid pattern that the client may read. */
  add(subscriber: LiveSubscriber): void {
    this.#matcher.add(subscriber.subject, subscriber);
    if (!isInbox(subscriber.subject)) return;
    const root = inboxRoot(subscriber.subject);
    const others = this.#inboxes.get(root);
    if (others === undefined) this.#inboxes.set(root, new Set([subscriber]));
    else others.add(subscriber);
  }

  remove(subscriber: LiveSubscriber): void {
    if (!this.#matcher.remove(subscriber.subject, subscriber) || !isInbox(subscriber.subject)) return;
    const root = inboxRoot(subscriber.subject);
    const others = this.#inboxes.get(root)!;
    others.delete(subscriber);
    if (others.size === 0) this.#inboxes.delete(root);
  }

  /** A client has gone, and its subscriptions are removed. */
  gone(client: LiveClient): void {
    if (this.hub !== client) this.hub?.otherGone?.();
  }

  /** Who would get a message of that subject now: every subscriber without a queue, and one of each queue. */
  find(subject: string, from: LiveClient): readonly LiveSubscriber[] {
    const found = this.#found;
    found.length = 0;
    this.#matcher.match(subject, found);
    if (this.hub !== undefined && from !== this.hub) return found.filter(({ client }) => client === this.hub);
    if (found.length === 0) return NOBODY;
    if (found.length === 1) return !from.echo && found[0].client === from ? NOBODY : [found[0]];
    const others = from.echo ? [...found] : found.filter(({ client }) => client !== from);
    return others.some(({ queue }) => queue !== undefined) ? this.#oneOfEachQueue(others) : others;
  }

  /** Delivers; the answer is to how many. */
  publish(message: LiveMessage, from: LiveClient): number {
    const subscribers = this.find(message.subject, from);
    for (const subscriber of subscribers) subscriber.deliver(message, from);
    return subscribers.length;
  }

  #oneOfEachQueue(subscribers: readonly LiveSubscriber[]): readonly LiveSubscriber[] {
    const turn = this.#turn++;
    const queues = Map.groupBy(subscribers.filter(({ queue }) => queue !== undefined), ({ queue }) => queue);
    const chosen = [...queues.values()].map((members) => members[turn % members.length]);
    return [...subscribers.filter(({ queue }) => queue === undefined), ...chosen];
  }
}

/** The first two tokens, or all there is. */
function inboxRoot(subject: string): string {
  const first = subject.indexOf(".");
  const second = first < 0 ? -1 : subject.indexOf(".", first + 1);
  return second < 0 ? subject : subject.slice(0, second);
}
