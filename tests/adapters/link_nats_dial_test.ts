import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";

import { describe, expect, it } from "bun:test";

import { dialNats, type DialNatsOptions } from "../../adapters/link/nats/mod.ts";
import type { DialFailure, LinkBus } from "../../federation/mod.ts";
import { createCertificate, hasOpenssl } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { freePort } from "../support/free_port.ts";
import { natsBinary } from "../support/nats_binary.ts";
import { NatsServer } from "../support/nats_server.ts";
import { tempDir } from "../support/temp_dir.ts";

const { absence } = natsBinary();
const HELLO = "weft.v1.acme.l.alice.bob.hello";
const FRAMES = "weft.v1.acme.rx.alice.bob.normal";
const LOOPBACK_INFO = 'INFO {"server_id":"x","version":"2.15.1","proto":1,"headers":true,"max_payload":1048576}\r\n';

type Options = Partial<DialNatsOptions> & { readonly timeoutMs?: number };

async function attempt(url: string, options: Options = {}): Promise<{ bus?: LinkBus; failure?: DialFailure }> {
  const { timeoutMs = 10_000, ...more } = options;
  return await new Promise((resolve) => {
    dialNats({ node: "alice", ...more })(url, { timeoutMs }, (result) => resolve(result));
  });
}

async function dial(url: string, options: Options = {}): Promise<LinkBus & Disposable> {
  const { bus, failure } = await attempt(url, options);
  if (bus === undefined) throw new Error(failure!.detail);
  return Object.assign(bus, { [Symbol.dispose]: () => bus.close() });
}

/** What a dial ends with where it may not succeed. */
async function failureOf(url: string, options: Options = {}): Promise<string> {
  const { bus, failure } = await attempt(url, options);
  bus?.close();
  return failure === undefined ? "dialled" : `${failure.code}: ${failure.detail}`;
}

/** A listener that is no nats-server; counts the sockets that are still open. */
async function fakeServer(serve: (socket: Socket) => void) {
  const open = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => {}); // else its end is never read
    socket.on("close", () => open.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return open.size;
    },
    get accepted() {
      return accepted;
    },
    [Symbol.dispose]: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

describe("dialNats(), where no bus can be had", () => {
  it("says UNREACHABLE where nobody listens", async () => {
    const url = `nats://127.0.0.1:${await freePort()}`;
    expect(await failureOf(url)).toBe(
      `UNREACHABLE: Cannot dial "${url}": nobody listens there; start it, or check the port`,
    );
  });

  it("says UNREACHABLE for a host that does not exist", async () => {
    expect(await failureOf("nats://no-such-host.invalid:7701")).toContain("there is no such host; check the name");
  });

  it("says UNREACHABLE for what is no URL of NATS", async () => {
    for (const url of ["10.0.0.1:7701", "http://10.0.0.1:7701", "nats:", ""]) {
      expect(await failureOf(url)).toContain("UNREACHABLE: Cannot dial");
      expect(await failureOf(url)).toContain("write nats://host:port or tls://host:port");
    }
  });

  it("says TIMEOUT for a listener that says nothing, and leaves no socket to it", async () => {
    using server = await fakeServer(() => {});
    expect(await failureOf(server.url, { timeoutMs: 200 })).toMatch(/^TIMEOUT: .*did not greet/);
    expect(server.accepted).toBe(2);
    await eventually(() => expect(server.open).toBe(0));
  });

  it("says TIMEOUT for a server that greets and then says nothing, and leaves no socket to it", async () => {
    using server = await fakeServer((socket) => socket.write(LOOPBACK_INFO));
    expect(await failureOf(server.url, { timeoutMs: 200 })).toMatch(/^TIMEOUT: .*did not answer in time/);
    await eventually(() => expect(server.open).toBe(0));
  });

  it("says NOT_NATS for another protocol's greeting, without waiting", async () => {
    for (const greeting of ["SSH-2.0-OpenSSH_9.2\r\n", "220 smtp", "INFO {no json\r\n", "\0\r\n"]) {
      using server = await fakeServer((socket) => socket.write(greeting));
      expect(await failureOf(server.url)).toMatch(/^NOT_NATS: .*which is not NATS; check the port/);
      await eventually(() => expect(server.open).toBe(0));
    }
  });

  it("says NOT_NATS for a listener that hangs up before it greets", async () => {
    using server = await fakeServer((socket) => socket.end());
    expect(await failureOf(server.url)).toMatch(/^NOT_NATS: .*closed it without a greeting/);
  });

  it("passes on why a server hangs up after its greeting", async () => {
    using server = await fakeServer((socket) => socket.end(`${LOOPBACK_INFO}-ERR 'maximum connections exceeded'\r\n`));
    expect(await failureOf(server.url)).toMatch(/^UNREACHABLE: .*maximum connections exceeded/);
    using silent = await fakeServer((socket) => {
      socket.write(LOOPBACK_INFO);
      socket.once("data", () => socket.end());
    });
    expect(await failureOf(silent.url)).toMatch(/^UNREACHABLE: .*greeted as NATS and closed the connection/);
  });

  it("does not survive garbage after the greeting", async () => {
    using server = await fakeServer((socket) => {
      socket.write(LOOPBACK_INFO);
      socket.once("data", () => {
        socket.write("PONG\r\n");
        setTimeout(() => socket.write("garbage\r\n"), 20);
      });
    });
    using bus = await dial(server.url);
    const reason = await new Promise((resolve) => bus.onClosed(resolve));
    expect(reason).toContain("it broke the NATS protocol");
    await eventually(() => expect(server.open).toBe(0));
  });

  it("gives up when asked to: done is not called, and no socket is left", async () => {
    using server = await fakeServer(() => {});
    let called = false;
    const giveUp = dialNats({ node: "alice" })(server.url, { timeoutMs: 10_000 }, () => called = true);
    await eventually(() => expect(server.open).toBe(2));
    giveUp();
    await eventually(() => expect(server.open).toBe(0));
    expect(called).toBe(false);
  });

  it("never shows a secret", async () => {
    const port = await freePort();
    for (const user of ["alice:s3cret@", "s3cret@", "a:s3cret%40x@"]) {
      expect(await failureOf(`nats://${user}127.0.0.1:${port}`)).not.toContain("s3cret");
      expect(await failureOf(`http://${user}127.0.0.1:${port}`)).not.toContain("s3cret");
    }
  });
});

describe.skipIf(absence !== undefined)(`dialNats() and a nats-server${absence ?? ""}`, () => {
  it("names itself weft-link with the federation's token, where the URL names nobody", async () => {
    await using server = await NatsServer.start({ user: { name: "weft-link", password: "s3cret" } });
    using bus = await dial(server.url, { federationToken: "s3cret" });
    expect([bus.name, bus.dialled]).toEqual([server.url, true]);
    expect(await failureOf(server.url, { federationToken: "other" })).toMatch(
      /^TOKEN_REFUSED: .*same federation\.token/,
    );
    expect(await failureOf(server.url)).toMatch(/^TOKEN_REFUSED: /);
  });

  it("uses the user and password of the URL, decoded", async () => {
    await using server = await NatsServer.start({ user: { name: "bob", password: "p@ss:/word" } });
    const url = (password: string) => server.url.replace("//", `//bob:${encodeURIComponent(password)}@`);
    using bus = await dial(url("p@ss:/word"), { federationToken: "unused" });
    expect(bus.name).toBe(server.url);
    expect(await failureOf(url("wrong"))).toMatch(/^TOKEN_REFUSED: /);
  });

  it("uses the token of the URL", async () => {
    await using server = await NatsServer.start({ token: "s3cret" });
    using _bus = await dial(server.url.replace("//", "//s3cret@"));
    expect(await failureOf(server.url.replace("//", "//other@"))).toMatch(/^TOKEN_REFUSED: /);
  });

  it("sends what was published right before close()", async () => {
    await using server = await NatsServer.start();
    using bob = await dial(server.url);
    const heard: string[] = [];
    for (const subject of [HELLO, FRAMES]) bob.subscribe(subject, (message) => heard.push(message.subject));
    await new Promise((resolve) => bob.request("weft.v1.acme.l.x.x.db", new Uint8Array(1), {}, resolve));
    await new Promise((resolve) => bob.request("weft.v1.acme.rx.x.x.bulk", new Uint8Array(1), {}, resolve));
    const alice = await dial(server.url);
    alice.publish(HELLO, new Uint8Array(10));
    alice.publish(FRAMES, new Uint8Array(300_000));
    alice.close();
    await eventually(() => expect(heard.sort()).toEqual([HELLO, FRAMES].sort()));
  });

  it("ends both connections when one of them ends", async () => {
    await using server = await NatsServer.start();
    await using proxy = await FaultProxy.start({ port: server.port });
    using bus = await dial(proxy.url);
    let reason = "";
    bus.onClosed((why) => reason = why);
    expect(proxy.connections).toBe(2);
    proxy.cutOne();
    await eventually(() => expect(reason).not.toBe(""));
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  it("shows what a peer that went silent has not taken", async () => {
    await using server = await NatsServer.start();
    await using proxy = await FaultProxy.start({ port: server.port });
    using bus = await dial(proxy.url);
    await eventually(() => expect(bus.bufferedBytes).toBe(0));
    proxy.blackHole();
    for (let i = 0; i < 64; i++) bus.publish(FRAMES, new Uint8Array(256 * 1024));
    expect(bus.bufferedBytes).toBeGreaterThan(8 * 1024 * 1024);
    proxy.heal();
    await eventually(() => expect(bus.bufferedBytes).toBe(0));
  });

  it("ends with what to allow, where the server's user may not use the subjects of links", async () => {
    const user = '{ user: "bob", password: "x", permissions: { publish: ["order.>"], subscribe: [">"] } }';
    await using server = await NatsServer.start({ more: `authorization { users: [${user}] }` });
    using bus = await dial(server.url.replace("//", "//bob:x@"));
    const ended = new Promise<string>((resolve) => bus.onClosed(resolve));
    bus.publish(HELLO, new Uint8Array(1));
    expect(await ended).toMatch(/Permissions Violation for Publish.*allow this user "weft\.v1\.>"/);
  });
});

const tlsAbsence = absence ??
  (hasOpenssl ? undefined : " (skipped: openssl, which makes the certificate, is not here)");

describe.skipIf(tlsAbsence !== undefined)(`dialNats() and TLS${tlsAbsence ?? ""}`, () => {
  it("trusts the given authority alone, for the names in its certificate", async () => {
    using directory = tempDir();
    const tls = createCertificate(directory.path, ["IP:127.0.0.1"]);
    const ca = readFileSync(tls.cert, "utf8");
    await using server = await NatsServer.start({ tls });
    for (const scheme of ["nats", "tls"]) {
      const url = `${scheme}://127.0.0.1:${server.port}`;
      (await dial(url, { tls: { ca } })).close();
      expect(await failureOf(url)).toMatch(/^TLS_REFUSED: .*check tls\.ca/);
    }
    expect(await failureOf(`tls://localhost:${server.port}`, { tls: { ca } })).toMatch(/^TLS_REFUSED: /);
  });

  it("encrypts over tls:// although the server leaves the choice, and stays in the clear over nats://", async () => {
    using directory = tempDir();
    const tls = createCertificate(directory.path, ["DNS:localhost"]);
    await using server = await NatsServer.start({ tls, tlsOptional: true });
    const secure = `tls://localhost:${server.port}`;
    (await dial(secure, { tls: { ca: readFileSync(tls.cert, "utf8") } })).close();
    expect(await failureOf(secure)).toMatch(/^TLS_REFUSED: /);
    (await dial(server.url)).close();
  });

  it("says TLS_REFUSED for a tls:// URL of a server without TLS", async () => {
    await using server = await NatsServer.start();
    expect(await failureOf(server.url.replace("nats:", "tls:"))).toMatch(/^TLS_REFUSED: .*offers no TLS/);
  });
});
