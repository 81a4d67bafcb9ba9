/** Whether a node would be open to everybody who can reach the machine. */

import { isIP } from "node:net";

import { locate } from "./check_config.ts";
import type { ConfigProblem } from "./config_error.ts";
import type { Layer } from "./layer.ts";
import type { ResolvedConfig } from "./resolved_config.ts";

/** Doors that would listen beyond this machine without asking who is there. */
export function findExposure(config: ResolvedConfig, layers: readonly Layer[]): readonly ConfigProblem[] {
  const guarded = (config.auth.tokens ?? []).length > 0 || config.auth.jwt !== undefined;
  if (guarded) return [];
  return (["http", "nats"] as const).filter((door) => !isLoopback(config[door].host)).map((door) => ({
    path: `${door}.host`,
    where: locate(layers, `${door}.host`),
    detail:
      `${door}.host: "${config[door].host}" would let everybody who reaches this machine publish, subscribe and ` +
      "administer: set auth.tokens (auth: { tokens: [{ token: …, publish: […], subscribe: […] }] }) or auth.jwt, or " +
      "listen on 127.0.0.1",
  }));
}

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(address) === 4) return address.startsWith("127.");
  return address === "localhost" || address.endsWith(".localhost") || address === "::1";
}
