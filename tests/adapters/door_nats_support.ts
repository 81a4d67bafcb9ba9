/** The NATS endpoint of a node in memory, and a client that speaks the protocol by hand. */

import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

import type { NatsDoor, NatsDoorContext, NatsDoorOptions } from "../../adapters/door/nats/mod.ts";
import { openNatsDoor } from "../../adapters/door/nats/mod.ts";
import { type Clock, type StoredEvent, systemClock } from "../../node/mod.ts";
import { eventually } from "../support/eventually.ts";
import { openTestNode, type TestNode, type TestNodeOptions } from "../support/test_node.ts";

export interface TestNatsOptions extends Omit<NatsDoorOptions, "hostname" | "port"> {
  /** Default: a free one. */
  readonly port?: number;
  readonly authenticate?: NatsDoorContext["authenticate"];
  readonly clock?: Clock;
  readonly limits?: Partial<NatsDoorContext["limits"]>;
  readonly node?: TestNodeOptions;
}

export interface TestNats extends AsyncDisposable {
  readonly fixture: TestNode;
  readonly door: NatsDoor;
  /** Errors that no client is told of. */
  readonly failures: unknown[];
  /** Where links were refused, and why. */
  readonly refusedLinks: string[];
  /** What was stored, oldest first. */
  log(): Promise<readonly StoredEvent[]>;
  /** A raw client that has said CONNECT with these options (`undefined`: nothing yet) and got its INFO. */
  client(options?: Readonly<Record<string, unknown>>): Promise<RawClient>;
}

export async function openTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const { authenticate, clock = systemClock, limits, node: nodeOptions, ...doorOptions } = options;
  const fixture = await openTestNode(nodeOptions);
  const failures: unknown[] = [];
  const refusedLinks: string[] = [];
  const door = await openNatsDoor({
    node: fixture.node,
    clock,
    limits: { bodyBytes: 8_388_608, headersBytes: 16_384, topicBytes: 255, connections: 100, ...limits },
    problems: { onFailure: (error) => void failures.push(error) },
    authenticate,
  }, {
    hostname: "127.0.0.1",
    port: 0,
    onRefusedLink: (address, reason) => void refusedLinks.push(`${address}: ${reason}`),
    ...doorOptions,
  });
  const clients: RawClient[] = [];
  return {
    fixture,
    door,
    failures,
    refusedLinks,
    log: async () => (await fixture.node.browse({ after: 0, limit: 100 })).events,
    async client(connectOptions) {
      const client = await RawClient.connect(door.port);
      clients.push(client);
      if (connectOptions !== undefined) client.send(`CONNECT ${JSON.stringify(connectOptions)}\r\n`);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close();
      await door.stop(100);
      await fixture[Symbol.asyncDispose]();
    },
  };
}

/** What most tests connect with: no `+OK`, headers, no-responders. */
export const QUIET = { verbose: false, pedantic: false, headers: true, no_responders: true };

/** Sends text, collects what comes. */
export class RawClient {
  readonly socket: Socket;
  /** The greeting. */
  info: Readonly<Record<string, unknown>> = {};
  closed = false;
  #received = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data) => this.#received += data.toString("latin1"));
    socket.on("close", () => this.closed = true);
    socket.on("error", () => undefined); // cut by the endpoint, as some tests want
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client = new RawClient(socket);
    await eventually(() => client.#received.includes("\r\n"));
    const end = client.#received.indexOf("\r\n");
    if (!client.#received.startsWith("INFO ")) throw new Error(`Cannot greet: the endpoint says ${client.#received}`);
    client.info = JSON.parse(client.#received.slice("INFO ".length, end));
    client.#received = client.#received.slice(end + 2);
    return client;
  }

  /** Everything since the greeting, one character a byte. */
  get received(): string {
    return this.#received;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(typeof data === "string" ? Buffer.from(data, "utf8") : data);
  }

  /** Sends PING and waits for its answer: all before has been dealt with. Answers what came since the last call. */
  async flush(text = ""): Promise<string> {
    this.send(`${text}PING\r\n`);
    return await this.takeUntil("PONG\r\n");
  }

  /** What came up to a text, without it; waits for it. */
  async takeUntil(text: string): Promise<string> {
    const at = await eventually(() => {
      const found = this.#received.indexOf(text);
      if (found < 0) throw new Error(`Cannot find ${JSON.stringify(text)} in ${JSON.stringify(this.#received)}`);
      return found + 1;
    });
    const before = this.#received.slice(0, at - 1);
    this.#received = this.#received.slice(at - 1 + text.length);
    return before;
  }

  async closing(): Promise<string> {
    await eventually(() => this.closed);
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }
}
