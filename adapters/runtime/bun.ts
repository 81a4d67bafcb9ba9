/** Bun's HTTP server behind our port. */

import { ListenError, type Runtime, type ServeOptions, type Socket, type UpgradeOptions } from "./runtime.ts";

// What we use of Bun's global, typed here so that no other file knows of it.
interface BunSocket {
  readonly data: Upgraded;
  send(message: string): number;
  close(code?: number, reason?: string): void;
  getBufferedAmount(): number;
}
interface BunServer {
  readonly port: number;
  readonly hostname: string;
  requestIP(request: Request): { address: string } | null;
  upgrade(request: Request, options: { data: Upgraded; headers?: Record<string, string> }): boolean;
  stop(closeActive?: boolean): Promise<void>;
}
declare const Bun: {
  readonly version: string;
  serve(options: Record<string, unknown>): BunServer;
};

interface Upgraded {
  readonly options: UpgradeOptions;
  socket: Socket | undefined;
}

/** Bun answers a successful upgrade itself; the handler's return value is not sent. */
const UPGRADED = new Response(null, { status: 200 });

/** Seconds without a byte in either direction after which Bun cuts a connection; streams send a comment every 15 s. */
const IDLE_SECONDS = 60;

/** What `--max-http-header-size` is by default; `node:http` would tell, at 16 ms of the start. */
const HEADERS_BYTES_MAX = 16 * 1024;

export const bunRuntime: Runtime = {
  name: "bun",
  version: typeof Bun === "undefined" ? "" : Bun.version,
  headersBytesMax: HEADERS_BYTES_MAX,
  // deno-lint-ignore require-await
  async serve(options) {
    const server = listen(options);
    return {
      hostname: options.hostname,
      port: server.port,
      stop: (graceMs) => stop(server, graceMs),
    };
  },
  fetchTrusting: (ca) =>
    ((input: RequestInfo | URL, init?: RequestInit) =>
      fetch(input, { ...init, tls: { ca } } as RequestInit)) as typeof fetch,
};

function listen(options: ServeOptions): BunServer {
  const server: BunServer = tryListening(options, {
    hostname: options.hostname,
    port: options.port,
    tls: options.tls,
    // Bun would answer 413 without saying why. The handler refuses, and Bun keeps nothing of a body that nobody reads.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: IDLE_SECONDS,
    development: false,
    // Without it Bun shares a port with any other process once `development` is false: each would get half the requests.
    reusePort: false,
    fetch: (request: Request) =>
      options.fetch(request, {
        get remoteAddress() {
          return server.requestIP(request)?.address;
        },
        upgrade: (upgrade) => upgradeRequest(server, request, upgrade),
      }),
    websocket: {
      open: (socket: BunSocket) => socket.data.options.onOpen(socket.data.socket = toSocket(socket)),
      message: (socket: BunSocket, message: string | Uint8Array) =>
        socket.data.options.onMessage(socket.data.socket!, message),
      close: (socket: BunSocket, code: number) => socket.data.options.onClose(socket.data.socket!, code),
      maxPayloadLength: options.bodyBytesMax,
      backpressureLimit: 64 * 1024 * 1024,
      idleTimeout: 120,
    },
  });
  return server;
}

function tryListening({ hostname, port }: ServeOptions, options: Record<string, unknown>): BunServer {
  try {
    return Bun.serve(options);
  } catch (cause) {
    throw new ListenError(
      `Cannot listen on ${hostname}:${port}: ${
        (cause as Error).message
      }; stop what listens there, or choose another port (--port, --ports)`,
      { cause },
    );
  }
}

function upgradeRequest(server: BunServer, request: Request, options: UpgradeOptions): Response {
  const headers: Record<string, string> = options.protocol === undefined
    ? {}
    : { "sec-websocket-protocol": options.protocol };
  if (!server.upgrade(request, { data: { options, socket: undefined }, headers })) {
    throw new TypeError("Cannot upgrade the request: it asks for no WebSocket");
  }
  return UPGRADED;
}

function toSocket(socket: BunSocket): Socket {
  return {
    send: (message) => void socket.send(message),
    get bufferedBytes() {
      return socket.getBufferedAmount();
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

async function stop(server: BunServer, graceMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, graceMs));
  await Promise.race([server.stop(false), late]);
  clearTimeout(timer);
  await server.stop(true);
}
