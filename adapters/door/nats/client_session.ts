/** An ordinary client: publishes and subscribes to events, asks and answers. Knows nothing of what nodes say to each other. */

import {
  type CloudEvent,
  InvalidPatternError,
  InvalidTopicError,
  parsePattern,
  parseTopic,
} from "../../../node/mod.ts";
import type { Principal } from "../http/auth/mod.ts";
import { describeProblem, type Problem } from "../http/problems.ts";
import type { ClientSubscription } from "./client_subscription.ts";
import type { Endpoint } from "./endpoint.ts";
import { EventPublisher } from "./event_publisher.ts";
import { EventSubscription } from "./event_subscription.ts";
import { formatHeaderBlock } from "./header_block.ts";
import type { LiveClient } from "./live_broker.ts";
import { LiveSubscription } from "./live_subscription.ts";
import type { ClientMessage } from "./protocol_parser.ts";
import type { Reply } from "./remote_replies.ts";
import type { Beside } from "./reply_addresses.ts";
import type { Session, SessionHost } from "./session.ts";
import { isInbox, kindOf, PUBLISH_PREFIX } from "./subjects.ts";
import { SubscriptionTable } from "./subscription_table.ts";

const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);

export class ClientSession implements Session, LiveClient {
  readonly #endpoint: Endpoint;
  readonly #host: SessionHost;
  readonly #principal: Principal;
  readonly #publisher: EventPublisher;
  readonly #subscriptions = new SubscriptionTable<ClientSubscription>((subscription) => {
    if (subscription instanceof EventSubscription) this.#endpoint.listeners.remove(subscription.subject, subscription);
  });
  #closed = false;

  constructor(endpoint: Endpoint, host: SessionHost, principal: Principal) {
    this.#endpoint = endpoint;
    this.#host = host;
    this.#principal = principal;
    const { node, clock, newId, headersBytesMax } = endpoint;
    const [hold, release] = [() => host.hold(), () => host.release()];
    this.#publisher = new EventPublisher({ node, clock, principal, newId, headersBytesMax, hold, release });
  }

  get echo(): boolean {
    return this.#host.echo;
  }

  get headers(): boolean {
    return this.#host.headers;
  }

  publish(message: ClientMessage): void {
    const { subject, reply } = message;
    if (reply !== undefined && kindOf(reply) === "mesh") {
      return this.#host.error(`Permissions Violation for Publish with Reply of "${reply}"`);
    }
    const kind = kindOf(subject);
    switch (kind) {
      case "event":
        return this.#publishEvent(message);
      case "live":
        return this.#publishLive(message);
      case "publish":
        return this.#publishAnswered(message, subject.slice(PUBLISH_PREFIX.length));
      case "mesh":
        return this.#host.error(`Permissions Violation for Publish to "${subject}"`);
    }
    kind satisfies never;
  }

  subscribe(subject: string, queue: string | undefined, sid: string): Promise<void> | undefined {
    const { error } = this.#host;
    if (this.#subscriptions.has(sid)) return void this.#host.ok(); // nats-server ignores it as well
    if (!isPattern(subject, this.#endpoint.topicBytesMax)) return error("Invalid Subject");
    if (!this.#maySubscribe(subject)) return error(subscriptionViolation(subject, queue));
    if (this.#subscriptions.full) return error("maximum subscriptions exceeded");
    if (kindOf(subject) === "event") return this.#subscribeToEvents({ subject, queue, sid });
    const { clients: broker } = this.#endpoint;
    const { outbox } = this.#host;
    const onDone = (subscription: ClientSubscription) => this.#subscriptions.remove(subscription);
    this.#subscriptions.add(new LiveSubscription({ broker, outbox, client: this, onDone }, { subject, queue, sid }));
    this.#host.ok();
    return undefined;
  }

  unsubscribe(sid: string, max: number | undefined): void {
    this.#host.ok();
    this.#subscriptions.unsubscribe(sid, max);
  }

  whenSettled(run: () => void): void {
    this.#publisher.whenSettled(run);
  }

  wake(): void {
    this.#subscriptions.wake();
  }

  close(): void {
    this.#closed = true;
    this.#publisher.close();
    this.#subscriptions.clear();
  }

  #publishEvent(message: ClientMessage): void {
    const { subject, reply } = message;
    if (!this.#isSubject(subject)) return;
    this.#host.ok();
    const reached = this.#reached(subject, reply);
    let heard = reached.any;
    this.#publisher.publish({
      message,
      topic: subject,
      onEvent: (event) => {
        const silentTo = reached.own && !this.echo ? this : undefined;
        if (reply !== undefined && reached.any || silentTo !== undefined) this.#noteBeside(event, { reply, silentTo });
        if (reply !== undefined) heard = this.#askElsewhere(subject, event, reply) || heard;
      },
      onReceipt: undefined,
      onRefused: (error) => this.#refused(message, error),
    });
    if (reply !== undefined && !heard && this.#host.noResponders) this.#tellNobody(reply, subject);
  }

  #noteBeside({ attributes: { source, id } }: CloudEvent, beside: Beside): void {
    const { node, replies } = this.#endpoint;
    replies.note({ origin: node.cluster, source, id }, beside);
  }

  #askElsewhere(topic: string, event: CloudEvent, reply: string): boolean {
    const onReply = ({ headers, payload }: Reply) => this.#answer(reply, headers, payload);
    return this.#endpoint.remoteReplies.ask(topic, event, onReply);
  }

  /** Whom an event of that topic reaches; asked only where it makes a difference. */
  #reached(topic: string, reply: string | undefined): { own: boolean; any: boolean } {
    if (reply === undefined && this.echo) return { own: false, any: false };
    const clients = this.#endpoint.listeners.clientsOf(topic);
    return { own: clients.includes(this), any: clients.some((client) => this.echo || client !== this) };
  }

  #publishLive(message: ClientMessage): void {
    const { subject, reply } = message;
    if (!this.#isSubject(subject)) return;
    if (!isInbox(subject) && !this.#principal.may("publish", subject)) {
      return this.#host.error(`Permissions Violation for Publish to "${subject}"`);
    }
    this.#host.ok();
    const reached = this.#endpoint.clients.publish(message, this);
    if (reached === 0 && reply !== undefined && this.#host.noResponders) this.#tellNobody(reply, subject);
  }

  /** `weft.pub.<topic>`: the answer comes once the event is durable. */
  #publishAnswered(message: ClientMessage, topic: string): void {
    const { reply } = message;
    if (!this.#isSubject(topic)) return;
    this.#host.ok();
    const answer = reply === undefined
      ? undefined
      : (value: unknown) => this.#answer(reply, undefined, encoder.encode(JSON.stringify(value)));
    this.#publisher.publish({
      message,
      topic,
      onEvent: () => undefined,
      onReceipt: answer,
      onRefused: (error) => {
        if (answer === undefined) return this.#refused(message, error);
        this.#endpoint.counts.refusedMessages++;
        answer({ error: this.#describe(error) });
      },
    });
  }

  #subscribeToEvents(
    definition: { readonly subject: string; readonly queue: string | undefined; readonly sid: string },
  ): Promise<void> {
    const { node, waker, messages, replies, listeners, problems } = this.#endpoint;
    const subscription = new EventSubscription({
      node,
      waker,
      messages,
      replies,
      outbox: this.#host.outbox,
      client: this,
      onDone: (subscription) => this.#subscriptions.remove(subscription),
      onFailure: problems.onFailure,
    }, definition);
    this.#subscriptions.add(subscription);
    listeners.add(subscription.subject, subscription);
    return subscription.open().then(
      () => this.#host.ok(),
      (error) => {
        if (this.#closed) return;
        this.#subscriptions.remove(subscription);
        const { code, detail } = this.#describe(error);
        this.#host.error(`${subscriptionViolation(definition.subject, definition.queue)}: ${code}: ${detail}`);
      },
    );
  }

  #maySubscribe(subject: string): boolean {
    if (isInbox(subject)) return this.#endpoint.clients.mayRead(this, subject);
    const kind = kindOf(subject);
    return (kind === "event" || kind === "live") && this.#principal.may("subscribe", subject);
  }

  #isSubject(subject: string): boolean {
    try {
      parseTopic(subject, { bytesMax: this.#endpoint.topicBytesMax });
      return true;
    } catch (error) {
      if (!(error instanceof InvalidTopicError)) throw error;
      this.#endpoint.counts.refusedMessages++;
      // Some clients end the connection when they hear an error that they do not know.
      const violation = `Permissions Violation for Publish to "${subject}": INVALID_TOPIC: ${error.message}`;
      this.#host.error(this.#host.pedantic ? "Invalid Publish Subject" : violation);
      return false;
    }
  }

  /** A message that became no event: who waits for a reply gets the problem as one, else the connection is told. */
  #refused({ subject, reply }: ClientMessage, error: unknown): void {
    this.#endpoint.counts.refusedMessages++;
    const problem = this.#describe(error);
    const { code, detail, status } = problem;
    if (reply !== undefined && this.headers) {
      const headers = formatHeaderBlock([
        ["Nats-Service-Error", `${code}: ${detail}`.replaceAll(/[\r\n]+/g, " ")],
        ["Nats-Service-Error-Code", String(status)],
      ]);
      return this.#answer(reply, headers, encoder.encode(JSON.stringify({ error: problem })));
    }
    const violation = `Permissions Violation for Publish to "${subject}"`;
    this.#host.error(code === "FORBIDDEN" ? violation : `${violation}: ${code}: ${detail}`);
  }

  #describe(error: unknown): Problem {
    return describeProblem(error, this.#endpoint.problems);
  }

  #tellNobody(reply: string, subject: string): void {
    this.#answer(reply, formatHeaderBlock([["Nats-Subject", subject]], "503"), EMPTY);
  }

  /** To the requester alone, by the subscription that it has for replies. */
  #answer(reply: string, headers: Uint8Array | undefined, payload: Uint8Array): void {
    if (this.#closed) return;
    this.#subscriptions.find(reply)?.deliver({ subject: reply, reply: undefined, headers, payload });
  }
}

function isPattern(subject: string, bytesMax: number): boolean {
  try {
    parsePattern(subject, { bytesMax });
    return true;
  } catch (error) {
    if (error instanceof InvalidPatternError) return false;
    throw error;
  }
}

function subscriptionViolation(subject: string, queue: string | undefined): string {
  const violation = `Permissions Violation for Subscription to "${subject}"`;
  return queue === undefined ? violation : `${violation} using queue "${queue}"`;
}
