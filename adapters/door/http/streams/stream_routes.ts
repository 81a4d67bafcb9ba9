/** `GET /v1/stream`: events as they come, as Server-Sent Events or over a WebSocket. Needs no resource. */

import { type Context, Hono } from "hono";

import { RefusedError, type StoredEvent } from "../../../../node/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { cloudEventsJson } from "./cloudevents_json.ts";
import { awaitReady } from "../request/mod.ts";
import { LiveClients } from "./live_clients.ts";
import { RecentCache } from "./recent_cache.ts";
import { SocketClient, type SocketProtocol } from "./socket_client.ts";
import { openSseStream } from "./sse_client.ts";
import { SseEncoder } from "./sse_encoder.ts";
import { sseHeadResponse } from "./sse_writer.ts";
import { readStreamRequest, refuseExplicitAck, requireEventStreamAccepted } from "./stream_request.ts";
import { weftJson } from "./weft_json.ts";

export function streamRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  const { node } = context;
  const clients = new LiveClients(context);
  const encoder = new SseEncoder((position) => node.cursorOf(position));
  const protocols = [weftJson(node, memoise), cloudEventsJson(memoise)];
  app.get("/v1/stream", async (c) => {
    if (c.req.header("upgrade")?.toLowerCase() === "websocket") {
      const protocol = chooseProtocol(protocols, c.req.header("sec-websocket-protocol"));
      return await openSocket(context, clients, protocol, c);
    }
    requireEventStreamAccepted(c.req.header("accept"));
    const request = readStreamRequest(context, c);
    refuseExplicitAck(request);
    if (c.req.method === "HEAD") return sseHeadResponse();
    return await openSseStream({ context, clients, encoder }, request);
  });
  return app;
}

/** The interest is in place before the client is told that the socket is open. */
async function openSocket(
  context: DoorContext,
  clients: LiveClients,
  protocol: SocketProtocol & { readonly offered: boolean },
  c: Context<DoorEnv>,
): Promise<Response> {
  const request = readStreamRequest(context, c);
  if (protocol.name === "cloudevents.json") refuseExplicitAck(request);
  const inGroup = request.options.group !== undefined;
  const client = new SocketClient({ context, clients, protocol, principal: c.get("principal"), inGroup });
  client.expect(await context.node.openStream({ ...request.options, onReady: client.onReady }));
  try {
    const ready = await awaitReady(context, request.ready);
    return c.env.connection.upgrade({
      protocol: protocol.offered ? protocol.name : undefined,
      onOpen: (socket) => client.open(socket, ready),
      onMessage: (_socket, message) => client.receive(message),
      onClose: () => client.leave(),
    });
  } catch (error) {
    client.leave();
    throw error;
  }
}

/** The first that the client offers and we speak; `weft.json` when it offers none. Throws `RefusedError` (`INVALID_HEADER`). */
function chooseProtocol(protocols: readonly SocketProtocol[], offered: string | undefined) {
  if (offered === undefined) return { ...protocols[0], offered: false };
  for (const name of offered.split(",")) {
    const protocol = protocols.find((protocol) => protocol.name === name.trim());
    if (protocol !== undefined) return { ...protocol, offered: true };
  }
  throw new RefusedError(
    "INVALID_HEADER",
    `Cannot speak "${offered}": offer ${protocols.map(({ name }) => name).join(" or ")}, or no sub-protocol`,
    { header: "Sec-WebSocket-Protocol" },
  );
}

/** Characters of messages kept for clients that get the same events. */
const MESSAGE_CHARACTERS_MAX = 4 * 1024 * 1024;

function memoise(encode: (stored: StoredEvent) => string): (stored: StoredEvent) => string {
  const cache = new RecentCache<StoredEvent, string>(MESSAGE_CHARACTERS_MAX);
  return (stored) => {
    let message = cache.get(stored);
    if (message === undefined) cache.set(stored, message = encode(stored), message.length);
    return message;
  };
}
