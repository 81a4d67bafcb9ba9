/** `GET /v1`, `/livez`, `/readyz`: what this node is, whether it lives, whether it takes events. */

import { Hono } from "hono";

import type { DoorContext, DoorEnv } from "./door_context.ts";

export interface AboutOptions {
  readonly version: string;
  readonly runtime: string;
  /** Addresses of the doors that are open, by name: `http`, `nats` … */
  readonly doors: () => Readonly<Record<string, string>>;
}

export function aboutRoutes(context: DoorContext, options: AboutOptions): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  const { node } = context;
  const here = () => ({ node: node.id, cluster: node.cluster, at: new Date(context.clock.wall()).toISOString() });
  app.get("/livez", (c) => c.json({ status: "ok", ...here() }));
  app.get("/readyz", async (c) => {
    const failed = await node.failedChecks();
    return c.json(
      { status: failed.length === 0 ? "ok" : "failed", failed, ...here() },
      failed.length === 0 ? 200 : 503,
    );
  });
  app.get("/v1", (c) => c.json({ ...toAbout(context, options), ...here() }));
  return app;
}

function toAbout({ node, limits }: DoorContext, { version, runtime, doors }: AboutOptions) {
  const { coveredMs, ids } = node.acceptor.window;
  const { epoch, storeId } = node.store.incarnation;
  return {
    name: "weft",
    version,
    runtime,
    federation: node.federation,
    doors: doors(),
    limits,
    publishWindow: { coveredMs, ids },
    store: { id: storeId, epoch, head: node.store.head, tail: node.store.tail, capabilities: node.store.capabilities },
  };
}
