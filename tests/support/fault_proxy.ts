/** Stands between a TCP client and its server, and does to the connection what networks do. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** `up`: from the client to the server; `down`: back. */
export type Direction = "up" | "down";

export interface FaultProxyOptions {
  readonly host?: string;
  /** Port of the server. */
  readonly port: number;
}

/** What holds for the bytes of one direction. */
interface Path {
  open: boolean;
  delayMs: number;
  bytesPerSecond: number;
  bytes: number;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly pipes: readonly Pipe[];
}

/** Read from a socket beyond this while the path is slow, it stops reading, so that the sender feels it. */
const HELD_BYTES_MAX = 256 * 1024;
/** A slow path passes on so much at once at most: a tenth of a second's worth. */
const SLICES_PER_SECOND = 10;

export class FaultProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: FaultProxyOptions;
  readonly #connections = new Set<Connection>();
  readonly #paths: Record<Direction, Path> = { up: newPath(), down: newPath() };
  #refuses = false;
  #accepted = 0;

  private constructor(server: Server, target: FaultProxyOptions) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (client) => this.#accept(client));
  }

  static async start(target: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(createServer({ noDelay: true, allowHalfOpen: true }), target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Open connections now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections ever accepted, refused ones not counted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Payload bytes that arrived so far, in each direction. */
  get bytes(): { readonly up: number; readonly down: number } {
    return { up: this.#paths.up.bytes, down: this.#paths.down.bytes };
  }

  /** Ends every connection: `reset` as a crash (RST), `end` as an orderly stop (FIN). */
  cut(how: "reset" | "end" = "reset"): void {
    for (const { client, server } of this.#connections) {
      for (const socket of [client, server]) how === "reset" ? socket.resetAndDestroy() : socket.end();
    }
  }

  /** Resets the connection that has been open longest. */
  cutOne(): void {
    const [first] = this.#connections;
    first.client.resetAndDestroy();
    first.server.resetAndDestroy();
  }

  /** New connections are reset at once; those that are open stay. */
  refuse(): void {
    this.#refuses = true;
  }

  /** Nothing passes any more, and nobody is told. What is sent meanwhile arrives after `heal()`, as TCP would have it. */
  blackHole(...directions: readonly Direction[]): void {
    for (const direction of directions.length > 0 ? directions : ["up", "down"] as const) {
      this.#paths[direction].open = false;
    }
  }

  /** Every byte takes so much longer, in both directions. */
  delay(delayMs: number): void {
    for (const path of Object.values(this.#paths)) path.delayMs = delayMs;
  }

  /** Each connection passes so many bytes a second and direction. */
  limit(bytesPerSecond: number): void {
    for (const path of Object.values(this.#paths)) path.bytesPerSecond = bytesPerSecond;
  }

  /** Takes every fault back. */
  heal(): void {
    this.#refuses = false;
    for (const path of Object.values(this.#paths)) {
      Object.assign(path, { open: true, delayMs: 0, bytesPerSecond: Infinity } satisfies Partial<Path>);
    }
    for (const { pipes } of this.#connections) for (const pipe of pipes) pipe.pump();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { client, server } of this.#connections) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  #accept(client: Socket): void {
    client.on("error", () => {}); // it ends in close, which the pipe looks at
    if (this.#refuses) return void client.resetAndDestroy();
    this.#accepted++;
    const { host = "127.0.0.1", port } = this.#target;
    const server = connect({ host, port, noDelay: true, allowHalfOpen: true });
    server.on("error", () => {});
    const pipes = [new Pipe(client, server, this.#paths.up), new Pipe(server, client, this.#paths.down)];
    const connection = { client, server, pipes };
    this.#connections.add(connection);
    for (const socket of [client, server]) {
      socket.on("close", () => {
        if (client.destroyed && server.destroyed) this.#connections.delete(connection);
      });
    }
  }
}

/** One direction of one connection. */
class Pipe {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #path: Path;
  readonly #held: { bytes: Uint8Array; readonly dueAt: number }[] = [];
  #heldBytes = 0;
  #end: "open" | "ended" | "reset" = "open";
  /** The target has as much as it takes for now. */
  #full = false;
  /** When a slow path is free again. */
  #freeAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Socket, target: Socket, path: Path) {
    this.#source = source;
    this.#target = target;
    this.#path = path;
    source.on("data", (bytes: Uint8Array) => this.#take(bytes));
    source.on("end", () => this.#sourceEnded("ended"));
    source.on("close", (failed) => this.#sourceEnded(failed ? "reset" : "ended"));
    target.on("drain", () => {
      this.#full = false;
      this.pump();
    });
    target.on("close", () => clearTimeout(this.#timer));
  }

  /** Passes on what is due. A black hole hides the end of the source, too. */
  pump(): void {
    clearTimeout(this.#timer);
    if (!this.#path.open || this.#full || this.#target.destroyed) return;
    if (this.#end === "reset") return void this.#target.resetAndDestroy();
    while (this.#held.length > 0 && !this.#full) {
      const waitMs = Math.max(this.#held[0].dueAt, this.#freeAt) - performance.now();
      if (waitMs > 0) return void (this.#timer = setTimeout(() => this.pump(), waitMs));
      this.#pass();
    }
    if (this.#held.length === 0 && this.#end === "ended") this.#target.end();
  }

  #take(bytes: Uint8Array): void {
    this.#path.bytes += bytes.length;
    this.#heldBytes += bytes.length;
    this.#held.push({ bytes, dueAt: performance.now() + this.#path.delayMs });
    if (this.#heldBytes > HELD_BYTES_MAX) this.#source.pause();
    this.pump();
  }

  #sourceEnded(end: "ended" | "reset"): void {
    if (this.#end !== "reset") this.#end = end;
    this.pump();
  }

  /** Writes the first chunk, or as much of it as a slow path takes at once. */
  #pass(): void {
    const first = this.#held[0];
    const { bytesPerSecond } = this.#path;
    const part = first.bytes.subarray(0, Math.ceil(Math.min(first.bytes.length, bytesPerSecond / SLICES_PER_SECOND)));
    if (part.length === first.bytes.length) this.#held.shift();
    else first.bytes = first.bytes.subarray(part.length);
    this.#heldBytes -= part.length;
    this.#freeAt = performance.now() + part.length / bytesPerSecond * 1000;
    this.#full = !this.#target.write(part);
    if (this.#heldBytes <= HELD_BYTES_MAX) this.#source.resume();
  }
}

function newPath(): Path {
  return { open: true, delayMs: 0, bytesPerSecond: Infinity, bytes: 0 };
}
