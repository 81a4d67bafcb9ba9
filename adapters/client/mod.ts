/**
 * A client of a node's HTTP door. Imports nothing but what browsers have.
 *
 * @module
 */

export {
  type Client,
  type ClientOptions,
  connect,
  type JsonEvent,
  type NewEvent,
  type PublishReceipt,
  type ReceivedEvent,
  type SubscribeOptions,
  WeftError,
} from "./client.ts";
export { readServerSentEvents, type ServerSentEvent } from "./server_sent_events.ts";
