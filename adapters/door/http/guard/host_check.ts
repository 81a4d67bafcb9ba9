/** Refuses requests that name another host: the mark of DNS rebinding. */

import { isIP } from "node:net";

import { RefusedError } from "../../../../node/mod.ts";

export interface HostCheckOptions {
  /** Address or name that the door was told to listen on. */
  readonly boundHost: string;
  /** Further names of this node (`http.allowedHosts`), without ports. */
  readonly allowedHosts: readonly string[];
}

/** Throws `RefusedError` (`HOST_NOT_ALLOWED`). */
export type HostCheck = (request: Request) => void;

/** Hosts with ports that were found good; a node has few, and each request looks here first. */
const GOOD_MAX = 64;

/**
 * A page of another site can reach a node on loopback by pointing its own name at 127.0.0.1; the browser then takes node
 * and page for one origin. Its requests still carry that name, so only the node's own names are served: loopback names,
 * addresses (a page cannot point an address elsewhere), the bound name, `allowedHosts`.
 *
 * A door beyond loopback always asks for credentials, which no browser sends on its own: it is checked only when
 * `allowedHosts` says which names are right.
 */
export function createHostCheck({ boundHost, allowedHosts }: HostCheckOptions): HostCheck {
  if (!isLoopbackHost(boundHost) && allowedHosts.length === 0) return requireHost;
  const names = new Set([boundHost, ...allowedHosts].map((name) => name.toLowerCase()));
  const good = new Set<string>();
  return (request) => {
    requireHost(request);
    // HTTP/2 has :authority instead, which the runtimes put into the URL.
    const host = request.headers.get("host") ?? new URL(request.url).host;
    if (good.has(host)) return;
    if (!isOwn(hostnameOf(host), names)) throw refuse(host);
    if (good.size < GOOD_MAX) good.add(host);
  };
}

/** HTTP/1.0 allows a request without a host; its URL is then a path alone, which nothing behind the guard can read. */
function requireHost({ url }: Request): void {
  if (url.charCodeAt(0) !== SLASH) return;
  throw new RefusedError(
    "HOST_NOT_ALLOWED",
    "Cannot serve a request without a host: send a Host header with the node's address",
  );
}

const SLASH = 0x2f;

/** Whether only this machine can reach a listener on that host. */
export function isLoopbackHost(host: string): boolean {
  const name = hostnameOf(host);
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1";
}

function isOwn(name: string, names: ReadonlySet<string>): boolean {
  return isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost") || names.has(name);
}

/** `[::1]:7700`, `localhost:7700`, `::1` → the name or address alone. */
function hostnameOf(host: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(host);
  if (bracketed !== null) return bracketed[1].toLowerCase();
  if (isIP(host) === 6) return host.toLowerCase();
  return host.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase();
}

function refuse(host: string): RefusedError {
  return new RefusedError(
    "HOST_NOT_ALLOWED",
    `Cannot serve host ${
      JSON.stringify(host.slice(0, 100))
    }: it is no name of this node; use its address, or add the name ` +
      "to http.allowedHosts",
  );
}
