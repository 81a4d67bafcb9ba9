/** One connection to a nats-server, for adapters that need more of it than a bus. */

import { toDialFailure } from "./dial_error.ts";
import { parseLinkUrl } from "./link_url.ts";
import type { NatsClient } from "./nats_client.ts";
import type { LinkTls } from "./socket_transport.ts";

export interface ConnectNatsOptions {
  /** How the server lists the connection. */
  readonly name: string;
  readonly tls?: LinkTls;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Rejects with what went wrong and what to do. Loads the client library. */
export async function connectNats(url: string, options: ConnectNatsOptions): Promise<NatsClient> {
  const { name, tls = {}, timeoutMs, signal = new AbortController().signal } = options;
  const link = parseLinkUrl(url, undefined);
  const { NatsClient } = await import("./nats_client.ts");
  try {
    return await NatsClient.connect(link, { name, tls, timeoutMs, signal });
  } catch (error) {
    throw new Error(toDialFailure(link.name, error).detail, { cause: error });
  }
}
