/** The URL of a bus: where it is, who we are to it, and what of it may be shown. */

import { DialError } from "./dial_error.ts";

export interface LinkUrl {
  readonly host: string;
  readonly port: number;
  /** `tls://`: without encryption there is no connection. */
  readonly secure: boolean;
  readonly credentials: LinkCredentials;
  /** The URL without its secrets, for logs. */
  readonly name: string;
}

export type LinkCredentials =
  | { readonly user: string; readonly pass: string }
  | { readonly token: string };

/** What nodes are to each other's endpoints; the password is the federation's token. */
export const LINK_USER = "weft-link";

/** As of every NATS client. */
const DEFAULT_PORT = 4222;

/**
 * `nats://host:port` is a node; `nats://user:password@host:port` and `nats://token@host:port` are a nats-server that both
 * sides dial. Throws `DialError`.
 */
export function parseLinkUrl(url: string, federationToken: string | undefined): LinkUrl {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["nats:", "tls:"].includes(parsed.protocol) || parsed.hostname === "") {
    throw new DialError(
      "UNREACHABLE",
      "this is no address of a NATS endpoint; write nats://host:port or tls://host:port",
    );
  }
  const { protocol, hostname, port } = parsed;
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? DEFAULT_PORT : Number(port),
    secure: protocol === "tls:",
    credentials: toCredentials(parsed, federationToken),
    name: `${protocol}//${hostname}:${port || DEFAULT_PORT}`,
  };
}

function toCredentials({ username, password }: URL, federationToken: string | undefined): LinkCredentials {
  if (username === "") return { user: LINK_USER, pass: federationToken ?? "" };
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return pass === "" ? { token: user } : { user, pass };
}
