/** Whether a node would be open to everybody who can reach the machine. */

import { isIP } from "node:net";

import { locate } from "./check_config.ts";
import type { ConfigProblem } from "./config_error.ts";
import type { Layer } from "./layer.ts";
import type { ResolvedConfig } from "./resolved_config.ts";

/** Doors that would listen beyond this machine without asking who is there, and links that would leave it unproved. */
export function findExposure(config: ResolvedConfig, layers: readonly Layer[]): readonly ConfigProblem[] {
  return [...exposedDoors(config), ...exposedLinks(config)].map(({ path, detail }) => ({
    path,
    where: locate(layers, path),
    detail: `${path}: ${detail}`,
  }));
}

interface Exposed {
  readonly path: string;
  readonly detail: string;
}

function exposedDoors(config: ResolvedConfig): Exposed[] {
  const { tokens = [], nkeys = [], jwt } = config.auth;
  if (tokens.length > 0 || jwt !== undefined) return [];
  const open = nkeys.length > 0 ? ["http"] as const : ["http", "nats"] as const;
  return open.filter((door) => !isLoopback(config[door].host)).map((door) => ({
    path: `${door}.host`,
    detail: `"${config[door].host}" would let everybody who reaches this machine publish, subscribe and administer: ` +
      "set auth.tokens (auth: { tokens: [{ token: …, publish: […], subscribe: […] }] }) or auth.jwt, or listen on 127.0.0.1",
  }));
}

/** Who has the token is a member of the mesh; an URL with a user of its own leads to a nats-server that asks for that one. */
function exposedLinks({ nats, federation }: ResolvedConfig): Exposed[] {
  if (federation.token !== undefined) return [];
  const exposed: Exposed[] = [];
  if (!isLoopback(nats.host)) {
    exposed.push({
      path: "nats.host",
      detail: `"${nats.host}" would let every machine that reaches it join the mesh as a cluster: ` +
        "set federation.token (the same for all nodes; WEFT_FEDERATION__TOKEN), or listen on 127.0.0.1",
    });
  }
  const urls = [
    ...federation.join.map((url) => ({ path: "federation.join", url })),
    ...federation.links.map(({ url }) => ({ path: "federation.links", url })),
  ];
  for (const { path, url } of urls) {
    if (!leavesMachine(url)) continue;
    exposed.push({
      path,
      detail:
        `"${url}" leads to another machine: set federation.token (the same for all nodes; WEFT_FEDERATION__TOKEN), ` +
        "or name a user of that server in the URL",
    });
  }
  return exposed;
}

/** A text that is no URL is refused when it is dialled. */
function leavesMachine(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, username } = new URL(url);
  return username === "" && !isLoopback(hostname);
}

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(address) === 4) return address.startsWith("127.");
  return address === "localhost" || address.endsWith(".localhost") || address === "::1";
}
