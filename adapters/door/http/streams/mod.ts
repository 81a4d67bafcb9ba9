/**
 * Live streams: Server-Sent Events and WebSockets on one path. A client keeps its own place in the log, as a cursor.
 *
 * @module
 */

export { type LiveClient, LiveClients } from "./live_clients.ts";
export { KEEP_ALIVE, toControlMessage } from "./sse_encoder.ts";
export { SseWriter } from "./sse_writer.ts";
export { streamRoutes } from "./stream_routes.ts";
