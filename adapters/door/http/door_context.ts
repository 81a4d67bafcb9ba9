/** What every route of the HTTP door is given. */

import type { Hono } from "hono";

import type { Federation } from "../../../federation/mod.ts";
import type { Clock, WeftNode } from "../../../node/mod.ts";
import type { Connection } from "../../runtime/runtime.ts";
import type { Principal } from "./auth/principal.ts";
import type { ProblemHooks } from "./problems.ts";

export interface DoorLimits {
  /** Body of a request, bytes. */
  readonly bodyBytes: number;
  readonly eventBytes: number;
  /** Events in a batch. */
  readonly batchEvents: number;
  /** Headers of a request, bytes of names and values. */
  readonly headersBytes: number;
  readonly topicBytes: number;
  /** Requests under way, streams among them. */
  readonly connections: number;
  /** How long a client may take to send its body, ms. */
  readonly requestTimeoutMs: number;
}

export interface DoorContext {
  readonly node: WeftNode;
  /** The mesh that it belongs to. */
  readonly federation?: Federation;
  readonly limits: DoorLimits;
  /** Aborted when the node begins to stop: streams end, waits are answered. */
  readonly draining: AbortSignal;
  readonly clock: Clock;
  /** For errors that end otherwise than as an HTTP answer: those of a WebSocket. */
  readonly problems: ProblemHooks;
  /** Who sends this request. Throws or rejects with `RefusedError` (`UNAUTHENTICATED`). */
  readonly authenticate: (request: Request) => Principal | Promise<Principal>;
  /** The body, within the limits of size and time. Rejects with `RefusedError` (`BODY_TOO_LARGE`, `REQUEST_TIMEOUT`). */
  readonly readBody: (request: Request) => Promise<Uint8Array>;
}

/** Hono's environment. `connection` comes from the runtime; `principal` is set for every route but those that publish. */
export interface DoorEnv {
  readonly Bindings: { readonly connection: Connection };
  readonly Variables: { readonly principal: Principal };
}

export type DoorApp = Hono<DoorEnv>;
