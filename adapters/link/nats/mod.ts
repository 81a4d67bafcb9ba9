/**
 * Links over NATS: dials another node's endpoint or a nats-server as a bus.
 *
 * @module
 */

export { connectNats, type ConnectNatsOptions } from "./connect_nats.ts";
export { dialNats, type DialNatsOptions } from "./dial_nats.ts";
export { LINK_USER, type LinkUrl, parseLinkUrl } from "./link_url.ts";
export { type NatsClient, type NatsMessage } from "./nats_client.ts";
export { type LinkTls } from "./socket_transport.ts";
