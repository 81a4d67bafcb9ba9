/** `GET /openapi.json`. */

import { Hono } from "hono";

import type { DoorEnv } from "../door_context.ts";
import { jsonResponse } from "../request/mod.ts";

/** `version`: of the node. The description is made when it is first asked for: it would cost every start some time. */
export function openApiRoutes(version: string): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  let text: Promise<string> | undefined;
  app.get("/openapi.json", async () => jsonResponse(await (text ??= render(version))));
  return app;
}

async function render(version: string): Promise<string> {
  const { toOpenApiDocument } = await import("./document.ts");
  return JSON.stringify(toOpenApiDocument(version));
}
