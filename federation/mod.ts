/**
 * Many nodes, one mesh: routing, links and membership as state machines that touch nothing of the outside themselves.
 * Today: the ports they stand on. Federation reads a node's log to send and writes it to receive; the seam is
 * `accept`, `interest.watch`, `store.read` and the store's documents.
 *
 * @module
 */

export {
  type DialLink,
  type LinkMessage,
  type LinkTransport,
  type LinkTransportCapabilities,
} from "./link/transport.ts";
export { type Registry, type RegistryCapabilities, type RegistryEntry } from "./registry.ts";
export { type World } from "./world.ts";
