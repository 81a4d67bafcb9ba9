/** Which places a node may push to: the guard against server-side request forgery. */

import { lookup as systemLookup } from "node:dns/promises";

import { classifyAddress, embeddedAddress } from "./address_class.ts";
import { blockContains, type IpAddress, type IpBlock, parseIpAddress, parseIpBlock } from "./ip_address.ts";

export interface SinkPolicyOptions {
  /**
   * Places that are not public and yet allowed: addresses, CIDR blocks, host names, `*.` before a domain for all names
   * in it. A host name given here is not resolved. Default: none.
   */
  readonly allow?: readonly string[];
  /** Whether sinks on loopback are allowed: while the node itself listens on loopback only. */
  readonly allowLoopback: boolean;
  /** Resolves a name to all its addresses. Default: the system's resolver. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

export interface SinkPolicy {
  readonly blocks: readonly IpBlock[];
  readonly hosts: ReadonlySet<string>;
  /** Domains with the leading dot. */
  readonly domains: readonly string[];
  readonly allowLoopback: boolean;
  readonly lookup: (host: string) => Promise<readonly string[]>;
}

/** The policy forbids that sink, now and for as long as it resolves as it does. */
export class SinkForbiddenError extends Error {
  override readonly name = "SinkForbiddenError";
}

/** The sink's name has no address at the moment. */
export class SinkUnresolvedError extends Error {
  override readonly name = "SinkUnresolvedError";
}

/** Throws `RangeError` for an entry that is neither an address, a block nor a host name. */
export function parseSinkPolicy(options: SinkPolicyOptions): SinkPolicy {
  const blocks: IpBlock[] = [];
  const hosts = new Set<string>();
  const domains: string[] = [];
  for (const entry of options.allow ?? []) {
    const block = parseIpBlock(entry);
    if (block !== undefined) blocks.push(block);
    else if (!/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(entry)) throw unknownEntry(entry);
    else if (entry.startsWith("*.")) domains.push(entry.slice(1).toLowerCase());
    else hosts.add(entry.toLowerCase());
  }
  return { blocks, hosts, domains, allowLoopback: options.allowLoopback, lookup: options.lookup ?? lookupAll };
}

function unknownEntry(entry: string): RangeError {
  return new RangeError(
    `Cannot read sinks.allow entry "${entry}": it is neither an address, a block such as 10.0.0.0/8 nor a host name`,
  );
}

async function lookupAll(host: string): Promise<readonly string[]> {
  return (await systemLookup(host, { all: true })).map(({ address }) => address);
}

/**
 * Throws `SinkForbiddenError` unless the policy lets the node push to `url`, `SinkUnresolvedError` if its name has no
 * address. One forbidden address among several forbids the name: the connection might take any.
 *
 * The limit: `fetch` resolves the name again and takes no address from here, so a name that changes its answer between
 * this question and the connection gets through. Callers ask before every request, which leaves a window of
 * milliseconds; a network policy outside the process closes it.
 */
export async function assertSinkAllowed(url: string, policy: SinkPolicy): Promise<void> {
  const { host, address } = parseSinkUrl(url);
  if (address !== undefined) return assertAddressAllowed(url, host, address, policy);
  if (policy.hosts.has(host) || policy.domains.some((domain) => host.endsWith(domain))) return;
  if (isLoopbackName(host)) return assertAddressAllowed(url, host, parseIpAddress("127.0.0.1")!, policy);
  for (const text of await resolve(url, host, policy)) {
    const resolved = parseIpAddress(text);
    if (resolved === undefined) {
      throw new SinkUnresolvedError(`Cannot use sink "${url}": ${host} resolves to "${text}"`);
    }
    assertAddressAllowed(url, host, resolved, policy);
  }
}

/** Whether a sink is on this very machine, as far as its URL tells. */
export function isLoopbackSink(url: string): boolean {
  const { host, address } = parseSinkUrl(url);
  return address === undefined ? isLoopbackName(host) : classifyAddress(address) === "loopback";
}

// RFC 6761 §6.3: names in `localhost` are loopback whatever a resolver says.
function isLoopbackName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

function parseSinkUrl(text: string): { host: string; address: IpAddress | undefined } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new SinkForbiddenError(`Cannot use sink "${text}": it is no URL; give an absolute one`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new SinkForbiddenError(
      `Cannot use sink "${text}": its scheme is "${url.protocol.slice(0, -1)}"; use http or https`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    url.username = url.password = "";
    throw new SinkForbiddenError(`Cannot use sink "${url}": credentials in a URL end up in logs; use "sinkcredential"`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
  return { host, address: parseIpAddress(host) };
}

async function resolve(url: string, host: string, policy: SinkPolicy): Promise<readonly string[]> {
  try {
    const addresses = await policy.lookup(host);
    if (addresses.length > 0) return addresses;
  } catch (cause) {
    throw new SinkUnresolvedError(`Cannot use sink "${url}": ${host} does not resolve (${(cause as Error).message})`, {
      cause,
    });
  }
  throw new SinkUnresolvedError(`Cannot use sink "${url}": ${host} has no address`);
}

function assertAddressAllowed(url: string, host: string, address: IpAddress, policy: SinkPolicy): void {
  const kind = classifyAddress(address);
  if (kind === "public" || (kind === "loopback" && policy.allowLoopback)) return;
  const reached = [address, embeddedAddress(address)].filter((each) => each !== undefined);
  if (policy.blocks.some((block) => reached.some((each) => blockContains(block, each)))) return;
  throw new SinkForbiddenError(
    `Cannot use sink "${url}": ${host} is or resolves to a ${kind} address; allow it with sinks.allow: ["${host}"], or a ` +
      `block such as "10.0.0.0/8"`,
  );
}
