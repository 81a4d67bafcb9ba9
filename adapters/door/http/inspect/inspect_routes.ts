/** Everything that looks into a node. */

import { Hono } from "hono";

import type { DoorContext, DoorEnv } from "../door_context.ts";
import { deadLetterRoutes } from "./dead_letter_routes.ts";
import { eventRoutes } from "./event_routes.ts";
import { explainRoutes } from "./explain_routes.ts";
import { ledgerRoutes } from "./ledger_routes.ts";
import { meshRoutes } from "./mesh_routes.ts";
import { routeRoutes } from "./route_routes.ts";
import { traceRoutes } from "./trace_routes.ts";

export function inspectRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  for (
    const routes of [eventRoutes, explainRoutes, routeRoutes, meshRoutes, traceRoutes, ledgerRoutes, deadLetterRoutes]
  ) {
    app.route("/", routes(context));
  }
  return app;
}
