/** Port: what Bun and Deno do differently. Everything else uses Web APIs and `node:` modules that both have. */

export interface Runtime {
  readonly name: "bun" | "deno";
  readonly version: string;
  /** Bytes of a request's headers that its server lets through at most; beyond, it answers itself. */
  readonly headersBytesMax: number;
  /** Starts an HTTP server; resolves when it listens. Throws `ListenError` when it cannot. */
  serve(options: ServeOptions): Promise<HttpServer>;
  /** `fetch` that takes certificates of these authorities (PEM) for good; whether also those of the system is not promised. */
  fetchTrusting(ca: string): typeof fetch;
}

export interface ServeOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Largest message of a WebSocket where the runtime can tell. Bodies of requests are for the handler to bound. */
  readonly bodyBytesMax: number;
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>;
}

/** The connection that a request came on. */
export interface Connection {
  /** Address of the client, if the runtime tells. */
  readonly remoteAddress: string | undefined;
  /** Turns the request into a WebSocket; the handler returns what it answers. Throws if the request asks for no upgrade. */
  upgrade(options: UpgradeOptions): Response;
}

export interface UpgradeOptions {
  /** The sub-protocol chosen among those that the client offered; `undefined` when none was. */
  readonly protocol: string | undefined;
  readonly onOpen: (socket: Socket) => void;
  readonly onMessage: (socket: Socket, message: string | Uint8Array) => void;
  /** Once, after `onOpen`, however the socket ended. */
  readonly onClose: (socket: Socket, code: number) => void;
}

export interface Socket {
  send(message: string): void;
  /** Bytes that wait to be written. */
  readonly bufferedBytes: number;
  close(code: number, reason: string): void;
}

export interface HttpServer {
  readonly hostname: string;
  readonly port: number;
  /** Accepts nothing more, lets answers under way finish, at most `graceMs`, then cuts the rest. */
  stop(graceMs: number): Promise<void>;
}

/** The address cannot be listened on; the message says what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}
