import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "bun:test";

import { eventually } from "./eventually.ts";
import { FaultProxy } from "./fault_proxy.ts";

/** One end of a connection, with what came in and how it ended. */
class End {
  readonly socket: Socket;
  text = "";
  bytes = 0;
  ended: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      this.bytes += bytes.length;
      if (this.bytes < 1000) this.text += new TextDecoder().decode(bytes);
    });
    socket.on("end", () => this.ended ??= "FIN");
    socket.on("error", (error: NodeJS.ErrnoException) => this.ended ??= error.code);
    socket.on("close", () => this.ended ??= "closed");
  }
}

describe("FaultProxy", () => {
  let server: Server;
  let proxy: FaultProxy;
  let served: End[];
  let clients: End[];

  beforeEach(async () => {
    [served, clients] = [[], []];
    server = createServer((socket) => served.push(new End(socket)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = await FaultProxy.start({ port: (server.address() as AddressInfo).port });
  });

  afterEach(async () => {
    for (const { socket } of [...clients, ...served]) socket.destroy();
    await proxy[Symbol.asyncDispose]();
    server.close();
  });

  function dial(): End {
    const end = new End(connect(proxy.port, "127.0.0.1"));
    clients.push(end);
    return end;
  }

  /** A connection through the proxy, both ends. */
  async function pair(): Promise<{ client: End; peer: End }> {
    const index = served.length;
    const client = dial();
    await eventually(() => expect(served).toHaveLength(index + 1));
    return { client, peer: served[index] };
  }

  it("passes bytes both ways and counts them", async () => {
    const { client, peer } = await pair();
    client.socket.write("hello");
    peer.socket.write("good day");
    await eventually(() => expect([peer.text, client.text]).toEqual(["hello", "good day"]));
    expect(proxy.bytes).toEqual({ up: 5, down: 8 });
    expect([proxy.connections, proxy.accepted]).toEqual([1, 1]);
  });

  it("passes the end of one side on, after what it had sent", async () => {
    const { client, peer } = await pair();
    client.socket.end("bye");
    await eventually(() => expect([peer.text, peer.ended]).toEqual(["bye", "FIN"]));
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  it("cut() resets both sides", async () => {
    const { client, peer } = await pair();
    proxy.cut();
    await eventually(() => expect([client.ended, peer.ended]).toEqual(["ECONNRESET", "ECONNRESET"]));
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  it("cut('end') ends both sides in order", async () => {
    const { client, peer } = await pair();
    proxy.cut("end");
    await eventually(() => expect([client.ended, peer.ended]).toEqual(["FIN", "FIN"]));
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  it("refuse() turns new connections away until heal(), and leaves those that are open", async () => {
    const { client, peer } = await pair();
    proxy.refuse();
    const refused = dial();
    await eventually(() => expect(refused.ended).toBe("ECONNRESET"));
    client.socket.write("still here");
    await eventually(() => expect(peer.text).toBe("still here"));
    proxy.heal();
    await pair();
    expect(proxy.accepted).toBe(2);
  });

  it("blackHole() keeps bytes and ends until heal(), without telling anybody", async () => {
    const { client, peer } = await pair();
    proxy.blackHole();
    client.socket.write("up");
    peer.socket.end("down");
    await eventually(() => expect(proxy.bytes).toEqual({ up: 2, down: 4 }));
    expect([peer.text, client.text, client.ended]).toEqual(["", "", undefined]);
    proxy.heal();
    await eventually(() => expect([peer.text, client.text, client.ended]).toEqual(["up", "down", "FIN"]));
  });

  it("blackHole('up') still passes what comes down, and hides that the client is gone", async () => {
    const { client, peer } = await pair();
    proxy.blackHole("up");
    peer.socket.write("one way");
    await eventually(() => expect(client.text).toBe("one way"));
    client.socket.resetAndDestroy();
    await eventually(() => expect(client.ended).toBeDefined());
    expect(peer.ended).toBeUndefined();
    proxy.heal();
    await eventually(() => expect(peer.ended).toBe("ECONNRESET"));
  });

  it("delay() lets each byte take longer, in order", async () => {
    const { client, peer } = await pair();
    proxy.delay(80);
    const start = performance.now();
    client.socket.write("a");
    await eventually(() => expect(peer.text).toBe("a"), { intervalMs: 2 });
    expect(performance.now() - start).toBeGreaterThanOrEqual(78);
  });

  it("limit() passes so many bytes a second, and lets the sender feel it", async () => {
    const { client, peer } = await pair();
    proxy.limit(1024 * 1024);
    const start = performance.now();
    for (let i = 0; i < 16; i++) client.socket.write(new Uint8Array(1024 * 1024));
    await eventually(() => expect(peer.bytes).toBeGreaterThanOrEqual(512 * 1024), { intervalMs: 2 });
    const elapsedMs = performance.now() - start;
    expect(elapsedMs).toBeGreaterThanOrEqual(350);
    expect(peer.bytes).toBeLessThan(1024 * 1024 * (elapsedMs / 1000 + 0.3));
    expect(client.socket.writableLength).toBeGreaterThan(1024 * 1024);
  });
});
