/** Which connections listen to which events: asked when somebody waits for a reply, or does not want to hear itself. */

import { Matcher } from "../../../node/mod.ts";

/** A connection's subscription; told apart by identity. */
export interface EventListener {
  readonly client: object;
}

export class EventListeners {
  readonly #matcher = new Matcher<EventListener>();

  add(pattern: string, listener: EventListener): void {
    this.#matcher.add(pattern, listener);
  }

  remove(pattern: string, listener: EventListener): void {
    this.#matcher.remove(pattern, listener);
  }

  /** The clients that an event of that topic reaches, each as often as it subscribed. */
  clientsOf(topic: string): readonly object[] {
    return this.#matcher.size === 0 ? [] : this.#matcher.match(topic).map(({ client }) => client);
  }
}
