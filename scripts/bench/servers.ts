/** The servers that are measured, as processes: a node as a user starts it, and what it is compared with. */

import { Child } from "./child_process.ts";

export interface Server extends AsyncDisposable {
  readonly child: Child;
  /** Base URL. */
  readonly url: string;
}

/** A node on a data directory. Resolves when it is ready. */
export function startNode(dataDir: string): Promise<Server> {
  const args = ["node", "--ports", "0", "--log-format", "json"];
  return start(Child.server("adapters/cli/main.ts", [...args, "--data-dir", dataDir]));
}

/** Hono without a node: see `bare_server.ts`. */
export function startBare(mode: "bare" | "decode"): Promise<Server> {
  return start(Child.server("scripts/bench/bare_server.ts", [mode]));
}

async function start(child: Child): Promise<Server> {
  try {
    let message = await child.next<{ event?: string; http: string }>();
    while (message.event !== "ready") message = await child.next();
    return { child, url: message.http, [Symbol.asyncDispose]: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Calls a node and insists on success. */
export async function callNode(server: Server, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot ${method} "${path}": ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
