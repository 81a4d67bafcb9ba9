/**
 * The NATS endpoint: speaks the server's side of the NATS client protocol, so that any NATS client publishes and
 * subscribes to events, and nodes link with each other without a broker. It is no NATS server: no clustering, no
 * JetStream, no accounts.
 *
 * Start with `nats_door.ts` (listens), then `connection.ts` (one client), `protocol_parser.ts` (what it sends) and
 * `outbox.ts` (what it is sent); `client_session.ts` is what an ordinary client may do, `link_session.ts` what a node may.
 *
 * @module
 */

export { LINK_USER, type NkeyConfig, type RefusalReason } from "./admission.ts";
export { type NatsDoor, type NatsDoorContext, type NatsDoorOptions, openNatsDoor } from "./nats_door.ts";
export { NatsCounts, natsMetrics } from "./nats_counts.ts";
export { type Mesh } from "./remote_replies.ts";
