/**
 * A client of NATS that does no more than its socket: what a library would add to a latency is left out. It publishes and
 * subscribes without headers, at a node and at nats-server alike.
 */

import { connect, type Socket } from "node:net";

export class BareNatsClient implements Disposable {
  readonly #socket: Socket;
  readonly #listeners = new Map<string, (payload: string) => void>();
  #buffer = "";
  #pongs: (() => void)[] = [];
  #ended: Error | undefined;

  /** Resolves once the server has answered. */
  static async open(url: string): Promise<BareNatsClient> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const client = new BareNatsClient(socket);
    socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":false}\r\n');
    await client.flush();
    return client;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text) => this.#read(String(text)));
    socket.on("error", (error) => this.#ended ??= error);
  }

  /** Payloads come in the call in which their bytes do. */
  subscribe(subject: string, listener: (payload: string) => void): void {
    const id = String(this.#listeners.size + 1);
    this.#listeners.set(id, listener);
    this.#socket.write(`SUB ${subject} ${id}\r\n`);
  }

  /** ASCII. */
  publish(subject: string, payload: string): void {
    this.#socket.write(`PUB ${subject} ${payload.length}\r\n${payload}\r\n`);
  }

  /** Resolves once all that was sent before has been taken: by a node, when it is durable. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#pongs.push(resolve);
      this.#socket.write("PING\r\n");
    });
    if (this.#ended !== undefined) throw this.#ended;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#buffer += text;
    for (;;) {
      const end = this.#buffer.indexOf("\r\n");
      if (end < 0) return;
      const [command, , id, ...sizes] = this.#buffer.slice(0, end).split(" ");
      if (command !== "MSG") this.#buffer = this.#buffer.slice(end + 2);
      if (command === "PING") this.#socket.write("PONG\r\n");
      else if (command === "PONG") this.#pongs.shift()?.();
      else if (command === "MSG") {
        const from = end + 2;
        const to = from + Number(sizes.at(-1));
        if (this.#buffer.length < to + 2) return;
        const payload = this.#buffer.slice(from, to);
        this.#buffer = this.#buffer.slice(to + 2);
        this.#listeners.get(id)?.(payload);
      }
    }
  }
}
