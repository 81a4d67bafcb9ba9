/** `POST /v1/tickets`: a ticket with the rights of whoever asks, for `GET /v1/stream?ticket=…`. */

import { Hono } from "hono";

import type { DoorEnv } from "../door_context.ts";
import type { TicketStore } from "./ticket_store.ts";

export function ticketRoutes(tickets: TicketStore): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  // A stored copy of the answer would be a stored secret.
  app.post("/v1/tickets", (c) => c.json(tickets.mint(c.get("principal")), 201, { "cache-control": "no-store" }));
  return app;
}
