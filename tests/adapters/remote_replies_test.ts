/** Replies from other clusters: who may give them, for how long, and what is too much. */

import { describe, expect, it } from "bun:test";

import { LiveBroker } from "../../adapters/door/nats/live_broker.ts";
import { type Mesh, RemoteReplies, type Reply } from "../../adapters/door/nats/remote_replies.ts";
import { ReplyAddresses } from "../../adapters/door/nats/reply_addresses.ts";
import { anEvent } from "../support/events.ts";
import { FakeClock } from "../support/fake_clock.ts";

const client = { echo: true };
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const event = anEvent({ id: "1", source: "/shop" });
const EVENT_OF_ALICE = { origin: "alice", source: "/shop", id: "1" };

/** Endpoints of clusters that reach each other at once. */
class Clusters {
  readonly clock = new FakeClock();
  readonly #handlers = new Map<string, (from: string, body: unknown) => void>();
  readonly unreachable = new Set<string>();
  destinations: string[] = ["bob"];

  open(cluster: string) {
    const broker = new LiveBroker();
    const replies = new ReplyAddresses(this.clock);
    let ids = 0;
    const remote = new RemoteReplies({ clock: this.clock, broker, replies, newId: () => `${cluster}-${ids++}` });
    remote.join(
      {
        destinationsOf: () => this.destinations,
        send: (to, kind, body) => this.send(cluster, to, kind, body),
        handle: (kind, handler) => void this.#handlers.set(`${cluster} ${kind}`, handler),
      } satisfies Mesh,
    );
    const respond = (subject: string, payload: string | Uint8Array) => {
      const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
      return broker.publish({ subject, reply: undefined, headers: undefined, payload: bytes }, client);
    };
    return { broker, replies, remote, respond };
  }

  send(from: string, to: string, kind: string, body: unknown): boolean {
    if (this.unreachable.has(to)) return false;
    this.#handlers.get(`${to} ${kind}`)?.(from, JSON.parse(JSON.stringify(body)));
    return true;
  }
}

function setUp() {
  const clusters = new Clusters();
  const [alice, bob] = [clusters.open("alice"), clusters.open("bob")];
  const heard: Reply[] = [];
  const ask = () => alice.remote.ask("price.get", event, (reply) => heard.push(reply));
  const texts = () => heard.map(({ payload }) => decoder.decode(payload));
  return { clusters, alice, bob, heard, ask, texts, replyAtBob: () => bob.replies.find(EVENT_OF_ALICE)?.reply };
}

describe("RemoteReplies.ask()", () => {
  it("leaves an address where the event goes, and hands over the first reply to it", () => {
    const { ask, bob, replyAtBob, texts } = setUp();
    expect(ask()).toBe(true);
    const reply = replyAtBob()!;
    expect(bob.respond(reply, "first")).toBe(1);
    bob.respond(reply, "second");
    expect(texts()).toEqual(["first"]);
  });

  it("carries replies of no bytes, and what is no text", () => {
    const { ask, bob, replyAtBob, heard } = setUp();
    ask();
    bob.respond(replyAtBob()!, new Uint8Array(0));
    ask();
    bob.respond(replyAtBob()!, Uint8Array.of(0, 255, 13, 10));
    expect(heard.map(({ payload }) => [...payload])).toEqual([[], [0, 255, 13, 10]]);
    expect(heard[0].headers).toBeUndefined();
  });

  it("is false when the event goes nowhere, or nowhere that can be reached", () => {
    const { ask, clusters } = setUp();
    clusters.unreachable.add("bob");
    expect(ask()).toBe(false);
    clusters.destinations = [];
    expect(ask()).toBe(false);
  });

  it("hears nothing that comes after 30 seconds", async () => {
    const { ask, bob, replyAtBob, texts, clusters } = setUp();
    ask();
    const reply = replyAtBob()!;
    await clusters.clock.advance(30_000);
    expect(replyAtBob()).toBeUndefined();
    bob.respond(reply, "late");
    expect(texts()).toEqual([]);
  });

  it("hears a cluster that was not asked as little as one that makes up a request", () => {
    const { ask, alice, replyAtBob, texts, clusters } = setUp();
    ask();
    const token = replyAtBob()!.split(".").at(-1)!;
    clusters.send("mallory", "alice", "reply", { token, payload: "" });
    clusters.send("bob", "alice", "reply", { token: "other", payload: "" });
    for (const body of [null, {}, { token, payload: "no base64" }, { token: 7, payload: "" }]) {
      clusters.send("bob", "alice", "reply", body);
    }
    expect(texts()).toEqual([]);
    clusters.send("mallory", "alice", "request", { source: "/shop", id: "1", token: "t" });
    expect(alice.replies.find(EVENT_OF_ALICE)).toBeUndefined(); // mallory speaks for events of mallory alone
  });

  it("says why there is no reply when it is too large to travel", () => {
    const { ask, bob, replyAtBob, heard } = setUp();
    ask();
    bob.respond(replyAtBob()!, new Uint8Array(400_000));
    expect(heard[0].payload).toHaveLength(0);
    expect(decoder.decode(heard[0].headers)).toContain(
      "Nats-Service-Error: Cannot carry the reply: it has 400000 bytes",
    );
  });

  it("has an inbox that no client may read", () => {
    const { ask, bob, replyAtBob } = setUp();
    ask();
    const root = replyAtBob()!.split(".").slice(0, 2).join(".");
    for (const pattern of [`${root}.>`, `${root}.*.*`, "_INBOX.>"]) {
      expect(bob.broker.mayRead(client, pattern)).toBe(false);
    }
  });
});
