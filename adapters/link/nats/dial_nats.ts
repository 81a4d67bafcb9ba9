/** Dials the NATS endpoint of a node, or a nats-server that both ends of a link dial. */

import type { DialBus, DialFailure, LinkBus } from "../../../federation/mod.ts";

import { toDialFailure } from "./dial_error.ts";
import { type LinkUrl, parseLinkUrl } from "./link_url.ts";
import type { NatsClient } from "./nats_client.ts";
import { NatsLinkBus } from "./nats_link_bus.ts";
import type { LinkTls } from "./socket_transport.ts";

export interface DialNatsOptions {
  /** Who dials, for the server's list of connections. */
  readonly node: string;
  /** `federation.token`: the password at endpoints of nodes. */
  readonly federationToken?: string;
  readonly tls?: LinkTls;
}

/**
 * Dials `nats://` and `tls://` URLs (`parseLinkUrl`). Over `nats://` the connection is encrypted if the server insists;
 * over `tls://` always. The client library is loaded with the first dial.
 */
export function dialNats(options: DialNatsOptions): DialBus {
  return (url, { timeoutMs }, done) => {
    const attempt = new AbortController();
    const { signal } = attempt;
    void dial(url, { ...options, timeoutMs, signal }).then((result) => {
      if (!signal.aborted) done(result);
      else if ("bus" in result) result.bus.close();
    });
    return () => attempt.abort();
  };
}

type Attempt = DialNatsOptions & { readonly timeoutMs: number; readonly signal: AbortSignal };

/** Never rejects. */
async function dial(url: string, attempt: Attempt): Promise<{ bus: LinkBus } | { failure: DialFailure }> {
  let name = withoutSecrets(url);
  try {
    const link = parseLinkUrl(url, attempt.federationToken);
    name = link.name;
    const [control, data] = await connectBoth(link, attempt);
    return { bus: new NatsLinkBus(name, { control, data }) };
  } catch (error) {
    return { failure: toDialFailure(name, error) };
  }
}

/** Both connections or none. */
async function connectBoth(link: LinkUrl, attempt: Attempt): Promise<[control: NatsClient, data: NatsClient]> {
  const { NatsClient } = await import("./nats_client.ts");
  const { node, tls = {}, timeoutMs } = attempt;
  const other = new AbortController();
  const signal = AbortSignal.any([attempt.signal, other.signal]);
  const attempts = ["control", "data"].map((kind) =>
    NatsClient.connect(link, { name: `weft ${node} ${kind}`, tls, timeoutMs, signal })
  );
  try {
    const [control, data] = await Promise.all(attempts);
    return [control, data];
  } catch (error) {
    other.abort();
    for (const outcome of await Promise.allSettled(attempts)) {
      if (outcome.status === "fulfilled") outcome.value.close();
    }
    throw error;
  }
}

/** Of a text that may be no URL at all. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//");
}
