/** Makes the sinks of a node from its configuration. */

import type { Clock, SinkFactory } from "../../node/mod.ts";
import { HttpSinkFactory, parseSinkPolicy } from "./http/mod.ts";

export interface SinkFactoryOptions {
  /** `sinks.allow`: places that are not public and yet allowed (addresses, CIDR blocks, host names, `*.` domains). */
  readonly allow?: readonly string[];
  /** Whether sinks on loopback are allowed: while the node itself listens on loopback only. */
  readonly allowLoopback: boolean;
  /** The node's name in the webhook handshake; a DNS name by the specification. */
  readonly origin: string;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Throws `RangeError` for an entry of `allow` that means nothing. */
export function createSinkFactory(options: SinkFactoryOptions): SinkFactory {
  return new HttpSinkFactory({ policy: parseSinkPolicy(options), origin: options.origin, clock: options.clock });
}
