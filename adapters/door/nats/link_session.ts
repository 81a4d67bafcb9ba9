/** Another node, or a client that has the federation's token: what nodes say to each other, and nothing else. */

import { InvalidPatternError, InvalidTopicError, parsePattern, parseTopic } from "../../../node/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import { formatHeaderBlock } from "./header_block.ts";
import type { LiveClient } from "./live_broker.ts";
import { LiveSubscription } from "./live_subscription.ts";
import type { ClientMessage } from "./protocol_parser.ts";
import type { Session, SessionHost } from "./session.ts";
import { isLinkSubject } from "./subjects.ts";
import { SubscriptionTable } from "./subscription_table.ts";

const EMPTY = new Uint8Array(0);
/** Names of a federation, two clusters and a lane, with what stands between them. */
const SUBJECT_BYTES_MAX = 512;

export class LinkSession implements Session, LiveClient {
  readonly #endpoint: Endpoint;
  readonly #host: SessionHost;
  readonly #subscriptions = new SubscriptionTable<LiveSubscription>(() => undefined);

  constructor(endpoint: Endpoint, host: SessionHost) {
    this.#endpoint = endpoint;
    this.#host = host;
  }

  get echo(): boolean {
    return this.#host.echo;
  }

  get headers(): boolean {
    return this.#host.headers;
  }

  publish(message: ClientMessage): void {
    const { subject, reply } = message;
    if (!isLinkSubject(subject) || !isValid(subject, parseTopic)) {
      return this.#host.error(`Permissions Violation for Publish to "${subject}"`);
    }
    if (reply !== undefined && !isLinkSubject(reply)) {
      return this.#host.error(`Permissions Violation for Publish with Reply of "${reply}"`);
    }
    this.#host.ok();
    const reached = this.#endpoint.links.publish(message, this);
    if (reached > 0 || reply === undefined || !this.#host.noResponders) return;
    const headers = formatHeaderBlock([["Nats-Subject", subject]], "503");
    this.#subscriptions.find(reply)?.deliver({ subject: reply, reply: undefined, headers, payload: EMPTY });
  }

  subscribe(subject: string, queue: string | undefined, sid: string): undefined {
    const { error, outbox } = this.#host;
    if (this.#subscriptions.has(sid)) return void this.#host.ok();
    if (!isValid(subject, parsePattern)) return void error("Invalid Subject");
    const { links: broker } = this.#endpoint;
    if (!isLinkSubject(subject) || !broker.mayRead(this, subject)) {
      return void error(`Permissions Violation for Subscription to "${subject}"`);
    }
    if (this.#subscriptions.full) return void error("maximum subscriptions exceeded");
    const onDone = (subscription: LiveSubscription) => this.#subscriptions.remove(subscription);
    this.#subscriptions.add(new LiveSubscription({ broker, outbox, client: this, onDone }, { subject, queue, sid }));
    this.#host.ok();
  }

  unsubscribe(sid: string, max: number | undefined): void {
    this.#host.ok();
    this.#subscriptions.unsubscribe(sid, max);
  }

  whenSettled(run: () => void): void {
    run();
  }

  wake(): void {
    // A sender of frames asks the bus how much waits, and stops by itself.
  }

  close(): void {
    this.#subscriptions.clear();
    this.#endpoint.links.gone(this);
  }
}

function isValid(subject: string, parse: (text: string, options: { bytesMax: number }) => string): boolean {
  try {
    parse(subject, { bytesMax: SUBJECT_BYTES_MAX });
    return true;
  } catch (error) {
    if (error instanceof InvalidTopicError || error instanceof InvalidPatternError) return false;
    throw error;
  }
}
