/** `GET /metrics`: the Prometheus text format. */

import { Hono } from "hono";

import type { Metrics } from "../../telemetry/mod.ts";
import type { DoorEnv } from "./door_context.ts";

export function metricsRoutes(metrics: Metrics): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.get("/metrics", async (c) => {
    const { contentType, text } = await metrics.render();
    return c.body(text, 200, { "content-type": contentType });
  });
  return app;
}
