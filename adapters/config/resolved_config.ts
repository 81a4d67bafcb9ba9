/** What a node runs with: every default filled in. Names are the paths of the configuration file. */

import type { RetentionRule } from "../../node/mod.ts";
import type { AuthConfig } from "../door/http/auth/mod.ts";
import type { DoorLimits } from "../door/http/door_context.ts";

export interface ResolvedConfig {
  readonly node: { readonly id?: string; readonly cluster?: string };
  readonly dataDir: string;
  readonly http: { readonly host: string; readonly port: number; readonly allowedHosts: readonly string[] };
  readonly store: {
    readonly kind: "sqlite" | "memory";
    readonly maxBytes: number;
    readonly overflow: "block" | "evict-oldest";
  };
  readonly retention: readonly RetentionRule[];
  readonly federation: { readonly name: string };
  readonly auth: AuthConfig;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  readonly limits: DoorLimits;
  readonly sinks: { readonly allow: readonly string[] };
  readonly cors: { readonly origins: readonly string[] };
  readonly publishWindow: { readonly idsMax: number; readonly ageMs: number };
  readonly log: {
    readonly level: "trace" | "debug" | "info" | "warning" | "error";
    readonly format?: "pretty" | "json";
  };
  /** How long a stopping node lets work under way finish, ms. */
  readonly drainMs: number;
}
