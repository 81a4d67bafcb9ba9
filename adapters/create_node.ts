/** A node inside a program. */

import { type Client, connect } from "./client/mod.ts";
import type { Config } from "./config/mod.ts";
import type { RunningNode } from "./assemble.ts";

export interface EmbeddedNode extends AsyncDisposable {
  /** Base URL of its HTTP door. */
  readonly url: string;
  /** The node itself, for what HTTP does not offer. */
  readonly node: RunningNode["node"];
  /** A client of it. */
  readonly client: Client;
  /** Stops accepting, finishes what is under way, writes everything down. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs a node with these settings, written as in the configuration file; files, environment and flags are not read.
 * Throws `ConfigError` for settings that cannot be used, `StoreOpenError` and `ListenError` with what to do.
 *
 * @example
 * ```ts
 * await using node = await createNode({ dataDir: ".weft-example", http: { port: 0 }, nats: { port: 0 } });
 * await node.client.publish({ type: "order.placed", data: { total: 42 } });
 * ```
 */
export async function createNode(settings: Partial<Config> = {}): Promise<EmbeddedNode> {
  // Loaded here, so that a browser which imports the client beside it does not load a server.
  const [{ startNode }, { checkSettings }] = await Promise.all([import("./assemble.ts"), import("./config/mod.ts")]);
  const running = await startNode(checkSettings(settings));
  const { stop } = running;
  const url = running.ready.http;
  return { url, node: running.node, client: connect(url), stop, [Symbol.asyncDispose]: stop };
}
