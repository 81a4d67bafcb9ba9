/**
 * Live streams: Server-Sent Events and WebSockets on one path. A client keeps its own place in the log, as a cursor.
 *
 * @module
 */

export { type LiveClient, LiveClients } from "./live_clients.ts";
export { RecentCache } from "./recent_cache.ts";
export { KEEP_ALIVE, SseEncoder, toControlMessage } from "./sse_encoder.ts";
export { sseHeadResponse, SseWriter } from "./sse_writer.ts";
export { streamRoutes } from "./stream_routes.ts";
