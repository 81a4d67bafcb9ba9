/** Deno's HTTP server behind our port. */

import { ListenError, type Runtime, type ServeOptions, type Socket, type UpgradeOptions } from "./runtime.ts";

// What we use of Deno's global, typed here so that no other file knows of it.
interface DenoServer {
  readonly addr: { readonly hostname: string; readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}
interface DenoGlobal {
  readonly version: { readonly deno: string };
  serve(options: Record<string, unknown>, handler: (request: Request, info: Info) => unknown): DenoServer;
  createHttpClient(options: { readonly caCerts: readonly string[] }): unknown;
  upgradeWebSocket(
    request: Request,
    options: { protocol?: string; idleTimeout?: number },
  ): { socket: WebSocket; response: Response };
}
interface Info {
  readonly remoteAddr: { readonly hostname?: string };
}
const deno = (globalThis as unknown as { Deno: DenoGlobal }).Deno;

export const denoRuntime: Runtime = {
  name: "deno",
  version: deno?.version.deno ?? "",
  headersBytesMax: Infinity, // there is a bound of some 64 KiB, which Deno promises nowhere
  async serve(options) {
    const server = await listen(options);
    return {
      hostname: options.hostname,
      port: server.addr.port,
      stop: (graceMs) => stop(server, graceMs),
    };
  },
  fetchTrusting: (ca) => {
    const client = deno.createHttpClient({ caCerts: [ca] });
    return ((input: RequestInfo | URL, init?: RequestInit) =>
      fetch(input, { ...init, client } as RequestInit)) as typeof fetch;
  },
};

async function listen(options: ServeOptions): Promise<DenoServer> {
  const { hostname, port, tls } = options;
  try {
    return await new Promise<DenoServer>((resolve, reject) => {
      const server = deno.serve(
        { hostname, port, ...tls, onListen: () => queueMicrotask(() => resolve(server)), onError: toFailure },
        (request, info) =>
          options.fetch(request, {
            get remoteAddress() {
              return info.remoteAddr.hostname;
            },
            upgrade: (upgrade) => upgradeRequest(request, upgrade),
          }),
      );
      server.finished.catch(reject);
    });
  } catch (cause) {
    throw new ListenError(
      `Cannot listen on ${hostname}:${port}: ${
        (cause as Error).message
      }; stop what listens there, or choose another port (--port, --ports)`,
      { cause },
    );
  }
}

function toFailure(): Response {
  return new Response(null, { status: 500 });
}

function upgradeRequest(request: Request, options: UpgradeOptions): Response {
  const { socket, response } = deno.upgradeWebSocket(request, { protocol: options.protocol, idleTimeout: 120 });
  socket.binaryType = "arraybuffer";
  const ours = toSocket(socket);
  let opened = false;
  socket.onopen = () => {
    opened = true;
    options.onOpen(ours);
  };
  socket.onmessage = ({ data }) => options.onMessage(ours, typeof data === "string" ? data : new Uint8Array(data));
  socket.onclose = ({ code }) => opened && options.onClose(ours, code);
  socket.onerror = () => undefined; // a close follows
  return response;
}

function toSocket(socket: WebSocket): Socket {
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

/** Deno cannot cut what a shutdown waits for; what is left after the grace ends with the process. */
async function stop(server: DenoServer, graceMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, graceMs));
  await Promise.race([server.shutdown(), late]);
  clearTimeout(timer);
}
