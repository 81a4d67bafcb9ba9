/** Two linked nodes, the log of the first one filled beforehand: what is measured is how its backlog gets across. */

import { openSqliteStore } from "../../adapters/store/sqlite.ts";
import { createEvent } from "../../node/mod.ts";
import { Child } from "./child_process.ts";
import { callNode, type Server } from "./servers.ts";

/** A node of a cluster of its own, with its endpoint for links. */
export interface LinkedNode extends Server {
  /** URL at which it can be joined. */
  readonly nats: string;
}

const BATCH = 500;
const POLL_MS = 25;
const encoder = new TextEncoder();

/** Whom a node links with. */
export interface Neighbours {
  /** URLs to join by. */
  readonly join?: readonly string[];
  /** Links with a cost of their own. */
  readonly links?: readonly { readonly url: string; readonly cost: number }[];
  /** Further settings by path: `{ "store.kind": "memory" }`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * Starts the node of the cluster `id`. Resolves when it is ready: before the links are up. What it warns of is not shown:
 * a benchmark breaks links on purpose.
 */
export async function startLinked(
  id: string,
  dataDir: string,
  { join = [], links = [], settings = {} }: Neighbours = {},
): Promise<LinkedNode> {
  const names = ["--id", id, "--federation", "bench"];
  const logs = ["--log-format", "json", "--log-level", "error"];
  const neighbours = [...join.flatMap((url) => ["--join", url]), "--set", `federation.links=${JSON.stringify(links)}`];
  const others = Object.entries(settings).flatMap(([path, value]) => [
    "--set",
    `${path}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
  const args = ["node", "--ports", "0", ...logs, "--data-dir", dataDir, ...names, ...neighbours, ...others];
  const child = Child.server("adapters/cli/main.ts", args);
  try {
    let message = await child.next<{ event?: string; http: string; nats: string }>();
    while (message.event !== "ready") message = await child.next();
    return { child, url: message.http, nats: message.nats, [Symbol.asyncDispose]: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Appends events of the topic `order.placed` to the log of a cluster whose node does not run; none of them has left yet. */
export async function fillForLink(dataDir: string, cluster: string, events: number, dataBytes: number): Promise<void> {
  const data = encoder.encode("x".repeat(dataBytes));
  await using store = await openSqliteStore({ dataDir, cluster });
  await store.commit([], [{ key: "federation/dispatched", value: encoder.encode("0") }]);
  for (let at = 0; at < events; at += BATCH) {
    const count = Math.min(BATCH, events - at);
    await store.commit(Array.from({ length: count }, (_, i) => ({
      event: createEvent({
        attributes: { id: `filled-${at + i}`, source: "/shops/alice", type: "order.placed" },
        data,
        dataForm: "binary",
      }),
      topic: "order.placed",
      ttlMs: 0,
    })));
  }
}

/**
 * Waits until so many events of a node are known to be durable in the log of another cluster. Answers how long it took from
 * the first event that was dispatched, ms. The last receipt comes up to 100 ms late, which is counted.
 */
export async function untilDelivered(node: Server, destination: string, events: number): Promise<number> {
  let startedAt: number | undefined;
  const giveUpAt = performance.now() + 180_000;
  for (;;) {
    const { entries } = await callNode(node, "GET", "/v1/ledger") as Ledger;
    const entry = entries.find((entry) => entry.destination === destination);
    const now = performance.now();
    if (entry !== undefined && entry.accepted > 0) startedAt ??= now;
    if (entry !== undefined && entry.delivered >= events) return now - startedAt!;
    if (now > giveUpAt) throw new Error(`Cannot wait for "${destination}" any longer: ${JSON.stringify(entry)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface Ledger {
  readonly entries: readonly { readonly destination: string; readonly accepted: number; readonly delivered: number }[];
}
