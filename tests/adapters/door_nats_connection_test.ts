/** Who a connection of the NATS endpoint is, how long it lasts, and how it ends. */

import { describe, expect, it } from "bun:test";
import { nkeys } from "@nats-io/nats-core";

import { createAuthenticator, TicketStore } from "../../adapters/door/http/auth/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { openTestNats, QUIET } from "./door_nats_support.ts";

const tokens = [
  { name: "shop", token: "shop-secret", publish: ["order.>"], subscribe: ["order.placed"] },
  { name: "all", token: "all-secret", publish: [">"], subscribe: [">"] },
];
const authenticate = createAuthenticator({ tokens }, { tickets: new TicketStore(() => 0), wall: () => 0 });

describe("CONNECT", () => {
  it("is answered with +OK to who is verbose, and so is every operation", async () => {
    await using nats = await openTestNats();
    const client = await nats.client({ verbose: true, pedantic: true });
    expect(await client.flush("SUB a 1\r\nPUB b 1\r\nx\r\nUNSUB 1\r\n")).toBe("+OK\r\n".repeat(4));
    expect(await client.flush("PUB a.* 1\r\nx\r\n")).toContain("-ERR 'Invalid Publish Subject'\r\n");
  });

  it("need not come where nobody is asked who he is; a client is then verbose", async () => {
    await using nats = await openTestNats();
    const client = await nats.client();
    expect(await client.flush("PUB a 1\r\nx\r\n")).toBe("+OK\r\n");
  });

  it("that is no JSON, of another protocol, or inconsistent ends the connection", async () => {
    await using nats = await openTestNats();
    const [broken, future, odd] = [await nats.client(), await nats.client(), await nats.client()];
    broken.send("CONNECT {\r\n");
    expect(await broken.closing()).toBe("");
    future.send('CONNECT {"protocol":2}\r\n');
    expect(await future.closing()).toBe("-ERR 'invalid client protocol'\r\n");
    odd.send('CONNECT {"no_responders":true}\r\n');
    expect(await odd.closing()).toBe("-ERR 'no responders requires headers support'\r\n");
  });

  it("said again begins anew, without what the first subscribed to", async () => {
    await using nats = await openTestNats();
    const client = await nats.client({ verbose: false });
    await client.flush('SUB a 1\r\nCONNECT {"verbose":false}\r\n');
    expect(await client.flush("PUB a 1\r\nx\r\n")).toBe("");
    expect(nats.door.counts.clients).toBe(1);
  });
});

describe("Credentials of a NATS client", () => {
  it("are asked for before anything else", async () => {
    await using nats = await openTestNats({ authenticate });
    const client = await nats.client();
    expect(client.info.auth_required).toBe(true);
    client.send("PING\r\n");
    expect(await client.closing()).toBe("-ERR 'Authorization Violation'\r\n");
  });

  it("are a token of the configuration, alone or as the password of its name", async () => {
    await using nats = await openTestNats({ authenticate });
    for (const credentials of [{ auth_token: "shop-secret" }, { user: "shop", pass: "shop-secret" }]) {
      const client = await nats.client({ ...QUIET, ...credentials });
      expect(await client.flush("PUB order.placed 1\r\nx\r\n")).toBe("");
    }
  });

  it("that are wrong end the connection, counted by reason", async () => {
    await using nats = await openTestNats({ authenticate });
    const wrong = [{}, { auth_token: "nope" }, { auth_token: "with space" }, { user: "all", pass: "shop-secret" }];
    for (const credentials of wrong) {
      const client = await nats.client({ ...QUIET, ...credentials });
      expect(await client.closing()).toBe("-ERR 'Authorization Violation'\r\n");
    }
    expect(Object.fromEntries(nats.door.counts.refusals)).toEqual({ missing: 1, token: 2, password: 1 });
    expect(nats.door.counts.clients).toBe(0);
  });

  it("bound what may be published and subscribed to", async () => {
    await using nats = await openTestNats({ authenticate });
    const client = await nats.client({ ...QUIET, auth_token: "shop-secret" });
    const answers = await client.flush(
      "SUB order.placed 1\r\nSUB order.> 2\r\nSUB order.> q 3\r\nSUB $SRV.> 4\r\nSUB _INBOX.abc.* 5\r\n" +
        "PUB stock.low 1\r\nx\r\nPUB $SRV.PING 0\r\n\r\nPUB order.placed 1\r\ny\r\nPUB _INBOX.other 1\r\nz\r\n",
    );
    expect(answers.split("\r\n").filter((line) => line.startsWith("-ERR")).toSorted()).toEqual([
      `-ERR 'Permissions Violation for Publish to "$SRV.PING"'`,
      `-ERR 'Permissions Violation for Publish to "stock.low"'`,
      `-ERR 'Permissions Violation for Subscription to "$SRV.>"'`,
      `-ERR 'Permissions Violation for Subscription to "order.>" using queue "q"'`,
      `-ERR 'Permissions Violation for Subscription to "order.>"'`,
    ]);
    expect((await nats.log()).map(({ topic }) => topic)).toEqual(["order.placed"]);
  });

  it("are a signature under the nonce for who has an NKey", async () => {
    const [user, stranger] = [nkeys.createUser(), nkeys.createUser()];
    await using nats = await openTestNats({ nkeys: [{ nkey: user.getPublicKey(), publish: ["a"], subscribe: [] }] });
    const sign = (key: typeof user, text: string) =>
      btoa(String.fromCharCode(...key.sign(new TextEncoder().encode(text))));
    const good = await nats.client();
    const nonce = good.info.nonce as string;
    good.send(`CONNECT ${JSON.stringify({ ...QUIET, nkey: user.getPublicKey(), sig: sign(user, nonce) })}\r\n`);
    expect(await good.flush("PUB a 1\r\nx\r\nPUB b 1\r\nx\r\n")).toContain(`Publish to "b"'`);
    for (const [key, name] of [[stranger, user], [stranger, stranger]]) {
      const bad = await nats.client();
      const sig = sign(key, bad.info.nonce as string).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
      bad.send(`CONNECT ${JSON.stringify({ ...QUIET, nkey: name.getPublicKey(), sig })}\r\n`);
      expect(await bad.closing()).toBe("-ERR 'Authorization Violation'\r\n");
    }
    const replayed = await nats.client();
    replayed.send(`CONNECT ${JSON.stringify({ ...QUIET, nkey: user.getPublicKey(), sig: sign(user, nonce) })}\r\n`);
    expect(await replayed.closing()).toContain("Authorization Violation");
    expect(nats.door.counts.refusals.get("nkey")).toBe(3);
  });

  it("with an NKey that is none keep the endpoint from opening", async () => {
    await expect(openTestNats({ nkeys: [{ nkey: "UABC" }] })).rejects.toThrow(/Cannot use NKey "UABC"/);
  });

  it("that need time hold what follows", async () => {
    let admit: (name: string) => void = () => undefined;
    const slow = new Promise<string>((resolve) => admit = resolve);
    await using nats = await openTestNats({
      authenticate: (request) => slow.then(() => authenticate(request)),
    });
    const client = await nats.client({ ...QUIET, auth_token: "all-secret" });
    client.send("PUB a 1\r\nx\r\nPING\r\n");
    admit("now");
    await client.takeUntil("PONG\r\n");
    expect(await nats.log()).toHaveLength(1);
  });
});

describe("A connection of the NATS endpoint", () => {
  it("that does not say who it is in time is ended", async () => {
    const clock = new FakeClock();
    await using nats = await openTestNats({ authenticate, clock });
    const client = await nats.client();
    await clock.advance(7000);
    expect(await client.closing()).toBe("-ERR 'Authentication Timeout'\r\n");
    expect(nats.door.counts.refusals.get("timeout")).toBe(1);
  });

  it("that is silent is asked with PING, and ended when it stays silent", async () => {
    const clock = new FakeClock();
    await using nats = await openTestNats({ clock, pingEveryMs: 10_000 });
    const [dead, alive] = [await nats.client({ verbose: false }), await nats.client({ verbose: false })];
    for (const client of [dead, alive]) await client.flush();
    for (let round = 0; round < 2; round++) {
      await clock.advance(11_000);
      await dead.takeUntil("PING\r\n");
      await alive.takeUntil("PING\r\n");
      await alive.flush("PONG\r\n");
    }
    await clock.advance(11_000);
    expect(await dead.closing()).toBe("-ERR 'Stale Connection'\r\n");
    expect(alive.closed).toBe(false);
  });

  it("past the limit is refused", async () => {
    await using nats = await openTestNats({ limits: { connections: 1 } });
    const client = await nats.client(QUIET);
    await client.flush();
    await expect(nats.client(QUIET)).rejects.toThrow(/maximum connections exceeded/);
  });

  it("that speaks something else is ended and told", async () => {
    await using nats = await openTestNats();
    const client = await nats.client();
    client.send("GET / HTTP/1.1\r\n\r\n");
    expect(await client.closing()).toBe("-ERR 'Unknown Protocol Operation'\r\n");
    expect(nats.door.counts.faults).toBe(1);
  });

  it("that does not read is cut, and the others are not slowed", async () => {
    await using nats = await openTestNats();
    const [asleep, awake] = [await nats.client(QUIET), await nats.client(QUIET)];
    await asleep.flush("SUB _INBOX.asleep.> 1\r\n");
    await awake.flush("SUB _INBOX.awake.> 1\r\n");
    asleep.socket.pause();
    const large = "x".repeat(1_000_000);
    const sender = await nats.client(QUIET);
    // Megabytes fit into the network; past them and the bound of the endpoint it is over.
    for (let i = 0; i < 200 && nats.door.counts.slowConsumers === 0; i++) {
      const received = awake.takeUntil(`<${i}>\r\n`);
      await sender.flush(
        `PUB _INBOX.asleep.1 1000000\r\n${large}\r\nPUB _INBOX.awake.1 ${`<${i}>`.length}\r\n<${i}>\r\n`,
      );
      await received;
    }
    expect(nats.door.counts.slowConsumers).toBe(1);
    await awake.flush();
  });

  it("hears everything unchanged and in order, however slowly it reads", async () => {
    await using nats = await openTestNats();
    const [reader, writer] = [await nats.client({ verbose: false }), await nats.client({ verbose: false })];
    await reader.flush("SUB _INBOX.reader.> 1\r\n");
    const sizeOf = (i: number) => (i * 7919) % 300 + (i % 50 === 0 ? 30_000 : 0);
    const payloadOf = (i: number) => `${i}:${String.fromCharCode(97 + i % 26).repeat(sizeOf(i))}`;
    const [all, chunk] = [5000, 100];
    let expected = "";
    for (let from = 0; from < all; from += chunk) {
      // Reads only every third time, so that pages wait, leave and are used again.
      if (from % (3 * chunk) === 0) reader.socket.pause();
      else reader.socket.resume();
      const payloads = Array.from({ length: chunk }, (_, i) => payloadOf(from + i));
      await writer.flush(payloads.map((text) => `PUB _INBOX.reader.1 ${text.length}\r\n${text}\r\n`).join(""));
      expected += payloads.map((text) => `MSG _INBOX.reader.1 1 ${text.length}\r\n${text}\r\n`).join("");
    }
    reader.socket.resume();
    const received = await reader.flush();
    expect(received.length).toBe(expected.length);
    expect(received === expected).toBe(true);
  }, 20_000);

  it("that lags with its events is not cut: they wait in the log", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    await client.flush("SUB big 1\r\n");
    client.socket.pause();
    for (let i = 0; i < 30; i++) await nats.fixture.publish({ id: `${i}`, type: "big", data: "x".repeat(900_000) });
    client.socket.resume();
    await nats.fixture.eventually(() => expect(client.received.split("ce-id: ").length - 1).toBe(30));
    expect(nats.door.counts.slowConsumers).toBe(0);
  });
});

describe("NatsDoor.stop()", () => {
  it("tells the clients, keeps what they sent, and closes", async () => {
    await using nats = await openTestNats();
    const client = await nats.client(QUIET);
    await client.flush();
    client.send("PUB a 1\r\nx\r\n");
    await nats.fixture.eventually(() => expect(nats.door.counts.messagesIn).toBe(1));
    await nats.door.stop(1000);
    expect(await client.closing()).toContain('"ldm":true');
    expect(await nats.log()).toHaveLength(1);
    expect(nats.door.counts.clients).toBe(0);
  });
});
