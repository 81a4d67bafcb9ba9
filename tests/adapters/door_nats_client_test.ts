/** Ordinary NATS clients: what they publish becomes events, what they subscribe to comes as messages. */

import { describe, expect, it } from "bun:test";

import { openTestNats, QUIET, type RawClient } from "./door_nats_support.ts";

/** An HPUB of these header lines. */
function hpub(subject: string, headers: readonly string[], payload: string, reply = ""): string {
  const block = `NATS/1.0\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`;
  const total = block.length + payload.length;
  return `HPUB ${subject} ${reply === "" ? "" : `${reply} `}${block.length} ${total}\r\n${block}${payload}\r\n`;
}

/** Sends a request and gives the payload of the answer. */
async function ask(client: RawClient, subject: string, payload: string, headers: readonly string[] = []) {
  client.send(`SUB _INBOX.asker.* 900\r\n`);
  client.send(hpub(subject, headers, payload, "_INBOX.asker.1"));
  const answer = await client.takeUntil("_INBOX.asker.1 900 ").then(() => client.takeUntil("}\r\n"));
  return JSON.parse(`${answer.slice(answer.indexOf("{"))}}`);
}

describe("PUB of a NATS client", () => {
  it("becomes an event of the subject's type that is durable when PING is answered", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    await client.flush("PUB order.placed 5\r\nhello\r\n");
    const [entry] = await nats.log();
    expect(entry.topic).toBe("order.placed");
    const { id, ...attributes } = entry.event.attributes;
    expect({ ...attributes }).toEqual({
      specversion: "1.0",
      source: "/federations/test",
      type: "order.placed",
      datacontenttype: "application/octet-stream",
    });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(new TextDecoder().decode(entry.event.data)).toBe("hello");
  });

  it("takes id and media type from Nats-Msg-Id and Content-Type, and stores a repeated id once", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    const message = hpub("order.placed", ["Nats-Msg-Id: o 1", "Content-Type: application/json"], '{"a":1}');
    await client.flush(message + message);
    const entries = await nats.log();
    expect(entries.map(({ event }) => event.attributes.id)).toEqual(["o 1"]);
    expect(entries[0].event.attributes.datacontenttype).toBe("application/json");
  });

  it("is a CloudEvent in binary mode with ce- headers, its topic the subject", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    const headers = [
      "ce-specversion: 1.0",
      "ce-id: 7",
      "ce-source: /shop",
      "ce-type: com.shop.Order",
      "CE-Region: %E2%82%AC",
    ];
    await client.flush(hpub("order.placed", headers, ""));
    const [{ topic, event }] = await nats.log();
    expect(topic).toBe("order.placed");
    expect({ ...event.attributes }).toEqual({
      specversion: "1.0",
      id: "7",
      source: "/shop",
      type: "com.shop.Order",
      region: "€",
    });
    expect(event.data).toBeUndefined();
  });

  it("is a CloudEvent in structured mode with that content type", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    const event = '{"specversion":"1.0","id":"8","source":"/shop","type":"t","data":{"n":1}}';
    await client.flush(hpub("order.placed", ["Content-Type: application/cloudevents+json"], event));
    const [entry] = await nats.log();
    expect(entry.event.attributes.id).toBe("8");
    expect(new TextDecoder().decode(entry.event.data)).toBe('{"n":1}');
  });

  it("of what is no event is answered with -ERR, and the connection goes on", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    const errors = await client.flush(
      hpub("order.placed", ["ce-specversion: 1.0", "ce-id: 7"], "x") + hpub("order.placed", ["broken"], "x") +
        hpub("order.placed", [`X: ${"y".repeat(20_000)}`], "x") + "PUB order..placed 1\r\nx\r\n" +
        "PUB weft-system.x 1\r\nx\r\n",
    );
    const codes = [...errors.matchAll(/-ERR 'Permissions Violation for Publish to "\S+": ([A-Z_]+): [^'\r]+'\r\n/g)];
    expect(codes.map(([, code]) => code)).toEqual([
      "MISSING_ATTRIBUTE",
      "INVALID_HEADER",
      "HEADERS_TOO_LARGE",
      "INVALID_TOPIC",
      "TOPIC_RESERVED",
    ]);
    expect(nats.door.counts.refusedMessages).toBe(5);
    expect(await nats.log()).toHaveLength(0);
    expect(nats.failures).toEqual([]);
  });

  it("honours Weft-Ttl-Ms", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    await client.flush(hpub("order.placed", ["Weft-Ttl-Ms: 5000"], "x"));
    const { node } = nats.fixture;
    expect((await node.store.get(1))?.ttlMs).toBe(5000);
  });

  it("under weft. and with a reply there is refused", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    const errors = await client.flush(
      "PUB weft.v1.acme.l.alice.bob.hello 1\r\nx\r\nPUB weft.other 1\r\nx\r\nPUB a weft.v1.acme.x 1\r\nx\r\n" +
        "SUB weft.v1.> 1\r\nSUB weft.> 2\r\n",
    );
    expect(errors.split("\r\n")).toEqual([
      `-ERR 'Permissions Violation for Publish to "weft.v1.acme.l.alice.bob.hello"'`,
      `-ERR 'Permissions Violation for Publish to "weft.other"'`,
      `-ERR 'Permissions Violation for Publish with Reply of "weft.v1.acme.x"'`,
      `-ERR 'Permissions Violation for Subscription to "weft.v1.>"'`,
      `-ERR 'Permissions Violation for Subscription to "weft.>"'`,
      "",
    ]);
  });
});

describe("SUB of a NATS client", () => {
  it("gets events of every door as CloudEvents in binary mode", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    await client.flush("SUB order.* 7\r\n");
    await nats.fixture.publish({
      id: "1",
      source: "/shop",
      type: "order.placed",
      data: "hi",
      attributes: { subject: "ä b" },
    });
    const line = await client.takeUntil("\r\n");
    const [, subject, sid, headerBytes, total] = /^HMSG (\S+) (\S+) (\d+) (\d+)$/.exec(line)!;
    expect([subject, sid, Number(total) - Number(headerBytes)]).toEqual(["order.placed", "7", 2]);
    const block = await client.takeUntil("\r\n\r\n");
    expect(block.length + 4).toBe(Number(headerBytes));
    expect(block.split("\r\n")).toContain("ce-subject: %C3%A4%20b");
    expect(block.split("\r\n")).toContain("ce-id: 1");
    expect(await client.takeUntil("\r\n")).toBe("hi");
  });

  it("without headers gets the data alone", async () => {
    await using nats = await openTestNats();
    const client = await nats.client({ verbose: false });
    expect(await client.flush("SUB order.> 7\r\nPUB order.placed 2\r\nhi\r\n")).toBe("MSG order.placed 7 2\r\nhi\r\n");
  });

  it("is in place before what follows it is read", async () => {
    await using nats = await openTestNats();
    const client = await nats.client({ verbose: false });
    const text = "SUB a 1\r\nSUB b q 2\r\nPUB a 1\r\nx\r\nPUB b 1\r\ny\r\n";
    const received = await client.flush(text);
    expect(received).toContain("MSG a 1 1\r\nx\r\n");
    await client.flush(); // a group hands out in turns
    expect(nats.failures).toEqual([]);
  });

  it("shares the events of a queue with its other members, on whatever connection", async () => {
    await using nats = await openTestNats();
    const [alice, bob] = [await nats.client({ verbose: false }), await nats.client({ verbose: false })];
    await alice.flush("SUB job.> workers 1\r\n");
    await bob.flush("SUB job.> workers 1\r\n");
    for (let i = 0; i < 40; i++) await nats.fixture.publish({ id: `${i}`, type: "job.run", data: `<${i}>` });
    const count = (client: RawClient) => client.received.split("MSG job.run 1 ").length - 1;
    await nats.fixture.eventually(() => expect(count(alice) + count(bob)).toBe(40));
    expect(count(alice)).toBeGreaterThan(0);
    expect(count(bob)).toBeGreaterThan(0);
  });

  it("of one queue name on two subjects are two groups, as a NATS service needs them", async () => {
    await using nats = await openTestNats();
    const client = await nats.client({ verbose: false });
    expect(await client.flush("SUB job.a q 1\r\nSUB job.b q 2\r\nSUB job.c odd/name! 3\r\n")).toBe("");
    client.send("PUB job.a 1\r\na\r\nPUB job.b 1\r\nb\r\nPUB job.c 1\r\nc\r\n");
    for (const message of ["job.a 1 1\r\na", "job.b 2 1\r\nb", "job.c 3 1\r\nc"]) {
      await nats.fixture.eventually(() => expect(client.received).toContain(message));
    }
  });

  it("ends after as many messages as UNSUB says, counted from its beginning", async () => {
    await using nats = await openTestNats();
    const client = await nats.client({ verbose: false });
    const publish = "PUB a 1\r\nx\r\n";
    await client.flush(`SUB a 1\r\nSUB a 2\r\n${publish}`);
    const received = await client.flush(`UNSUB 1 2\r\nUNSUB 2 1\r\n${publish}${publish}`);
    expect(received).toBe("MSG a 1 1\r\nx\r\n");
  });

  it("does not hear its own connection with echo off", async () => {
    await using nats = await openTestNats();
    const [quiet, other] = [await nats.client({ verbose: false, echo: false }), await nats.client({ verbose: false })];
    await quiet.flush("SUB a 1\r\n");
    await other.flush("SUB a 1\r\n");
    expect(await quiet.flush("PUB a 1\r\nx\r\n")).toBe("");
    expect(await other.takeUntil("x\r\n")).toBe("MSG a 1 1\r\n");
    await other.flush("PUB a 1\r\ny\r\n");
    expect(await quiet.takeUntil("y\r\n")).toBe("MSG a 1 1\r\n");
  });

  it("of a pattern that is none is refused", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    expect(await client.flush("SUB a..b 1\r\nSUB >.a 2\r\n")).toBe(
      "-ERR 'Invalid Subject'\r\n-ERR 'Invalid Subject'\r\n",
    );
  });
});

describe("A request of a NATS client", () => {
  it("reaches live subscribers with its reply subject, and their reply the requester alone", async () => {
    await using nats = await openTestNats();
    const [asker, service, spy] = await Promise.all([
      nats.client(QUIET),
      nats.client({ verbose: false }),
      nats.client(QUIET),
    ]);
    await service.flush("SUB price.get 1\r\n");
    expect(await spy.flush("SUB _INBOX.> 1\r\nSUB _INBOX.* 2\r\nSUB *.asker.* 3\r\n")).toContain(
      `-ERR 'Permissions Violation for Subscription to "_INBOX.>"'`,
    );
    await asker.flush("SUB _INBOX.asker.* 9\r\n");
    expect(await spy.flush("SUB _INBOX.asker.> 4\r\n")).toContain("Permissions Violation");
    asker.send("PUB price.get _INBOX.asker.1 1\r\n?\r\n");
    expect(await service.takeUntil("?\r\n")).toBe("MSG price.get 1 _INBOX.asker.1 1\r\n");
    service.send("PUB _INBOX.asker.1 2\r\n42\r\n");
    expect(await asker.takeUntil("42\r\n")).toBe("MSG _INBOX.asker.1 9 2\r\n");
    expect(await spy.flush()).toBe("");
    const entries = await nats.log();
    expect(entries.map(({ topic }) => topic)).toEqual(["price.get"]); // the reply left no trace
  });

  it("that nobody listens to is told so, and is an event all the same", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    const received = await client.flush("SUB _INBOX.asker.* 9\r\nPUB price.get _INBOX.asker.1 1\r\n?\r\n");
    expect(received).toBe(
      "HMSG _INBOX.asker.1 9 41 41\r\nNATS/1.0 503\r\nNats-Subject: price.get\r\n\r\n\r\n",
    );
    expect(await nats.log()).toHaveLength(1);
  });

  it("to weft.pub.<topic> is answered with the receipt, or with the problem", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    const receipt = await ask(client, "weft.pub.order.placed", "x", ["Nats-Msg-Id: 1"]);
    expect(receipt).toMatchObject({ cluster: "alice", sequence: 1, position: 1 });
    expect(await ask(client, "weft.pub.order.placed", "x", ["Nats-Msg-Id: 1"])).toMatchObject({ duplicate: true });
    const { error } = await ask(client, "weft.pub.order.placed", "y", ["Nats-Msg-Id: 1"]);
    expect(error).toMatchObject({ code: "ID_CONFLICT", status: 409 });
  });

  it("that is refused is answered with the problem", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    client.send("SUB _INBOX.asker.* 9\r\n" + hpub("a", ["ce-specversion: 1.0"], "x", "_INBOX.asker.1"));
    const block = await client.takeUntil("\r\n\r\n");
    expect(block).toContain("Nats-Service-Error-Code: 400");
    expect(JSON.parse(await client.takeUntil("\r\n")).error.code).toBe("MISSING_ATTRIBUTE");
  });

  it("under $ goes from client to client and is no event", async () => {
    await using nats = await openTestNats();
    const [asker, service] = [await nats.client(QUIET), await nats.client({ verbose: false })];
    await service.flush("SUB $SRV.PING 1\r\n");
    await asker.flush("SUB _INBOX.asker.* 9\r\nPUB $SRV.PING _INBOX.asker.1 0\r\n\r\n");
    expect(await service.takeUntil("\r\n\r\n")).toBe("MSG $SRV.PING 1 _INBOX.asker.1 0");
    expect(await asker.flush("PUB $JS.API.INFO _INBOX.asker.2 0\r\n\r\n")).toContain("NATS/1.0 503");
    expect(await nats.log()).toHaveLength(0);
  });
});
