/** Who gets a message that is no event: by pattern, queue and ownership of inboxes. */

import { describe, expect, it } from "bun:test";

import {
  LiveBroker,
  type LiveClient,
  type LiveMessage,
  type LiveSubscriber,
} from "../../adapters/door/nats/live_broker.ts";

class Listener implements LiveSubscriber {
  readonly heard: string[] = [];
  readonly queue: string | undefined;
  constructor(readonly client: LiveClient, readonly subject: string, queue?: string) {
    this.queue = queue;
  }
  deliver({ subject }: LiveMessage) {
    this.heard.push(subject);
  }
}

const client = (echo = true): LiveClient => ({ echo });
const message = (subject: string): LiveMessage => ({
  subject,
  reply: undefined,
  headers: undefined,
  payload: new Uint8Array(0),
});

describe("LiveBroker.publish()", () => {
  it("reaches every subscription that fits, until it is removed", () => {
    const broker = new LiveBroker();
    const listeners = ["$A.*", "$A.>", "$A.b", "$A.c"].map((subject) => new Listener(client(), subject));
    for (const listener of listeners) broker.add(listener);
    expect(broker.publish(message("$A.b"), client())).toBe(3);
    broker.remove(listeners[0]);
    expect(broker.publish(message("$A.b"), client())).toBe(2);
    expect(listeners.map(({ heard }) => heard.length)).toEqual([1, 2, 2, 0]);
    expect(broker.publish(message("$B"), client())).toBe(0);
  });

  it("reaches one of each queue, all of them in turn", () => {
    const broker = new LiveBroker();
    const [a1, a2, b, alone] = [
      new Listener(client(), "$A", "a"),
      new Listener(client(), "$A", "a"),
      new Listener(client(), "$A", "b"),
      new Listener(client(), "$A"),
    ];
    for (const listener of [a1, a2, b, alone]) broker.add(listener);
    for (let i = 0; i < 10; i++) expect(broker.publish(message("$A"), client())).toBe(3);
    expect([a1, a2, b, alone].map(({ heard }) => heard.length)).toEqual([5, 5, 10, 10]);
  });

  it("does not reach the publisher that wants no echo, in a queue neither", () => {
    const broker = new LiveBroker();
    const [silent, other] = [client(false), client()];
    const listeners = [new Listener(silent, "$A"), new Listener(silent, "$A", "q"), new Listener(other, "$A", "q")];
    for (const listener of listeners) broker.add(listener);
    expect(broker.publish(message("$A"), silent)).toBe(1);
    expect(broker.publish(message("$A"), other)).toBe(2);
    expect(listeners[0].heard).toHaveLength(1);
  });

  it("may be called while it delivers", () => {
    const broker = new LiveBroker();
    const order: string[] = [];
    const echo = (subject: string, next: string | undefined): LiveSubscriber => ({
      client: client(),
      subject,
      queue: undefined,
      deliver: () => {
        order.push(subject);
        if (next !== undefined) broker.publish(message(next), client());
      },
    });
    for (const subscriber of [echo("$A", "$B"), echo("$A", undefined), echo("$B", undefined)]) broker.add(subscriber);
    broker.publish(message("$A"), client());
    expect(order.toSorted()).toEqual(["$A", "$A", "$B"]);
  });
});

describe("LiveBroker.mayRead()", () => {
  it("gives an inbox to the first who reads it, as long as it does", () => {
    const broker = new LiveBroker();
    const [alice, bob] = [client(), client()];
    const inbox = new Listener(alice, "_INBOX.alice.*");
    broker.add(inbox);
    for (const subject of ["_INBOX.alice.*", "_INBOX.alice.>", "_INBOX.alice.7"]) {
      expect(broker.mayRead(bob, subject)).toBe(false);
      expect(broker.mayRead(alice, subject)).toBe(true);
    }
    expect(broker.mayRead(bob, "_INBOX.bob.*")).toBe(true);
    broker.remove(inbox);
    expect(broker.mayRead(bob, "_INBOX.alice.*")).toBe(true);
  });

  it("lets clients share a prefix of their own, each with its part", () => {
    const broker = new LiveBroker();
    broker.add(new Listener(client(), "_INBOX.shop.one.*"));
    expect(broker.mayRead(client(), "_INBOX.shop.two.*")).toBe(true);
    expect(broker.mayRead(client(), "_INBOX.shop.*.*")).toBe(false);
  });

  it("lets nobody read inboxes that it does not name", () => {
    const broker = new LiveBroker();
    for (const subject of ["_INBOX.>", "_INBOX.*", "_INBOX.*.a", "_INBOX_x.>"]) {
      expect({ subject, may: broker.mayRead(client(), subject) }).toEqual({ subject, may: false });
    }
    expect(broker.mayRead(client(), "$SRV.>")).toBe(true);
  });
});
