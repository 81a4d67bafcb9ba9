/**
 * What a program imports: `createNode()` to run a node inside it, `connect()` to talk to one, and the public types.
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
} from "./adapters/client/mod.ts";
export { createNode, type EmbeddedNode } from "./adapters/create_node.ts";
export { type CloudEvent, type EventStore, RefusedError, StoreFullError, type WeftNode } from "./node/mod.ts";
