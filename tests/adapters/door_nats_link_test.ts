/** Nodes on the endpoint: the own bus in process, other nodes over TCP, and nobody else among them. */

import { Buffer } from "node:buffer";

import { describe, expect, it } from "bun:test";

import type { BusMessage } from "../../federation/mod.ts";
import { openTestNats, QUIET, type RawClient, type TestNats } from "./door_nats_support.ts";

const LINK = { ...QUIET, user: "weft-link", pass: "", echo: false };
const FRAMES = "weft.v1.acme.rx.alice.bob.normal";

async function openLink(nats: TestNats): Promise<RawClient> {
  const link = await nats.client(LINK);
  await link.flush();
  return link;
}

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

describe("The own bus", () => {
  it("hears what link clients publish, and answers the one who asked", async () => {
    await using nats = await openTestNats();
    const { bus } = nats.door;
    const link = await openLink(nats);
    bus.subscribe("weft.v1.acme.rx.*.bob.*", ({ payload, respond }) => respond?.(bytes(`got ${payload.length}`)));
    const payload = "x".repeat(300_000);
    link.send(`SUB _INBOX.link.* 1\r\nPUB ${FRAMES} _INBOX.link.7 300000\r\n${payload}\r\n`);
    expect(await link.takeUntil("got 300000\r\n")).toBe("MSG _INBOX.link.7 1 10\r\n");
  });

  it("keeps link clients apart: an endpoint is no rendezvous of its neighbours", async () => {
    await using nats = await openTestNats();
    const [link, other] = [await openLink(nats), await openLink(nats)];
    await other.flush("SUB weft.v1.acme.> 1\r\n");
    await link.flush(`PUB ${FRAMES} 2\r\nhi\r\n`);
    expect(await other.flush()).not.toContain("MSG");
  });

  it("publishes to link clients, with the sequence that it expects as a header", async () => {
    await using nats = await openTestNats();
    const { bus } = nats.door;
    const link = await openLink(nats);
    await link.flush(`SUB weft.v1.acme.> 5\r\n`);
    bus.publish("weft.v1.acme.l.bob.alice.hello", bytes("hi"));
    expect(await link.takeUntil("hi\r\n")).toBe("MSG weft.v1.acme.l.bob.alice.hello 5 2\r\n");
    const answers: (string | undefined)[] = [];
    bus.request(FRAMES, bytes("frame"), { expectedLastSequence: 41 }, (answer) => answers.push(text(answer)));
    const message = await link.takeUntil("frame\r\n");
    expect(message).toContain("\r\nNats-Expected-Last-Sequence: 41\r\n\r\n");
    const [, reply] = /^HMSG \S+ 5 (\S+) /.exec(message)!;
    await link.flush(`PUB ${reply} 9\r\n{"seq":1}\r\nPUB ${reply} 9\r\n{"seq":2}\r\n`);
    expect(answers).toEqual(['{"seq":1}']);
  });

  it("knows at once when nobody can answer", async () => {
    await using nats = await openTestNats();
    const answer = await new Promise<Uint8Array | undefined>((resolve) =>
      nats.door.bus.request(FRAMES, bytes("x"), {}, resolve)
    );
    expect(answer).toBeUndefined();
  });

  it("takes an answer only from whom it asked", async () => {
    await using nats = await openTestNats();
    const [asked, forger] = [await openLink(nats), await openLink(nats)];
    await asked.flush(`SUB ${FRAMES} 1\r\n`);
    const answers: (string | undefined)[] = [];
    nats.door.bus.request(FRAMES, bytes("frame"), {}, (answer) => answers.push(text(answer)));
    const [, reply] = /^MSG \S+ 1 (\S+) /.exec(await asked.takeUntil("frame\r\n"))!;
    await forger.flush(`PUB ${reply} 6\r\nforged\r\n`);
    expect(answers).toEqual([]);
    await asked.flush(`PUB ${reply} 4\r\ntrue\r\n`);
    expect(answers).toEqual(["true"]);
  });

  it("does not hear itself", async () => {
    await using nats = await openTestNats();
    const heard: BusMessage[] = [];
    nats.door.bus.subscribe("weft.v1.>", (message) => heard.push(message));
    nats.door.bus.publish("weft.v1.acme.meet", bytes("x"));
    expect(heard).toEqual([]);
  });

  it("hands a large payload on without a copy", async () => {
    await using nats = await openTestNats();
    const link = await openLink(nats);
    const heard: Uint8Array[] = [];
    nats.door.bus.subscribe(FRAMES, ({ payload }) => heard.push(payload));
    const frame = Buffer.alloc(262_144, 7);
    link.send(Buffer.concat([Buffer.from(`PUB ${FRAMES} ${frame.length}\r\n`), frame, Buffer.from("\r\n")]));
    await link.flush();
    expect(Buffer.from(heard[0]).equals(frame)).toBe(true);
    // At most the chunk that it came in, or a buffer of its very size: never a second copy in a larger one.
    expect(heard[0].buffer.byteLength).toBeLessThan(frame.length + 65_536 * 8);
  });

  it("counts what waits for slow nodes, and tells its listeners when the endpoint stops", async () => {
    await using nats = await openTestNats();
    const { bus } = nats.door;
    const link = await openLink(nats);
    await link.flush(`SUB ${FRAMES} 1\r\n`);
    link.socket.pause();
    const frame = new Uint8Array(1_000_000);
    for (let i = 0; i < 9; i++) bus.publish(FRAMES, frame);
    expect(bus.bufferedBytes).toBeGreaterThan(8_000_000);
    link.socket.resume();
    await nats.fixture.eventually(() => expect(bus.bufferedBytes).toBe(0));
    const reasons: string[] = [];
    bus.onClosed((reason) => reasons.push(reason));
    await nats.door.stop(100);
    expect(reasons).toEqual(["the node is stopping"]);
    bus.publish(FRAMES, frame); // does nothing any more
  });
});

describe("A link client", () => {
  it("may use what nodes say to each other and its inbox, and nothing else", async () => {
    await using nats = await openTestNats();
    const link = await openLink(nats);
    const errors = await link.flush(
      "SUB order.> 1\r\nSUB > 2\r\nSUB weft.v2.a 3\r\nSUB _INBOX.> 4\r\nPUB order.placed 1\r\nx\r\nPUB weft.v1.*.a 1\r\nx\r\n" +
        "PUB weft.v1.a order.reply 1\r\nx\r\n",
    );
    expect(errors.split("\r\n").slice(0, -1)).toEqual([
      `-ERR 'Permissions Violation for Subscription to "order.>"'`,
      `-ERR 'Permissions Violation for Subscription to ">"'`,
      `-ERR 'Permissions Violation for Subscription to "weft.v2.a"'`,
      `-ERR 'Permissions Violation for Subscription to "_INBOX.>"'`,
      `-ERR 'Permissions Violation for Publish to "order.placed"'`,
      `-ERR 'Permissions Violation for Publish to "weft.v1.*.a"'`,
      `-ERR 'Permissions Violation for Publish with Reply of "order.reply"'`,
    ]);
    expect(await nats.log()).toEqual([]);
  });

  it("gets no-responders when no node listens", async () => {
    await using nats = await openTestNats();
    const link = await openLink(nats);
    const answer = await link.flush(`SUB _INBOX.link.* 1\r\nPUB ${FRAMES} _INBOX.link.1 1\r\nx\r\n`);
    expect(answer).toContain("NATS/1.0 503\r\n");
  });

  it("needs the federation's token, and each refusal is told", async () => {
    await using nats = await openTestNats({ federationToken: "hush" });
    const good = await nats.client({ ...LINK, pass: "hush" });
    await good.flush();
    for (const pass of ["", "wrong", undefined]) {
      const bad = await nats.client({ ...LINK, pass });
      expect(await bad.closing()).toBe("-ERR 'Authorization Violation'\r\n");
    }
    expect(nats.refusedLinks).toHaveLength(3);
    expect(nats.refusedLinks[0]).toBe(
      "127.0.0.1: its federation.token differs; give all nodes of the federation the same",
    );
    expect(nats.door.counts.refusals.get("link")).toBe(3);
    expect(nats.door.counts.links).toBe(1);
  });

  it("is refused where it has a token and the node has none", async () => {
    await using nats = await openTestNats();
    const link = await nats.client({ ...LINK, pass: "hush" });
    expect(await link.closing()).toContain("Authorization Violation");
    expect(nats.refusedLinks[0]).toContain("this node has none");
  });

  it("neither gets the events of ordinary clients, nor they what nodes say", async () => {
    await using nats = await openTestNats();
    const [link, client] = [await openLink(nats), await nats.client(QUIET)];
    await client.flush("SUB > 1\r\nSUB _INBOX.mine.* 2\r\n");
    await link.flush("SUB weft.v1.> 1\r\nPUB weft.v1.acme.meet 1\r\nx\r\nPUB _INBOX.mine.1 1\r\nx\r\n");
    expect(await client.flush()).toBe("");
  });
});
