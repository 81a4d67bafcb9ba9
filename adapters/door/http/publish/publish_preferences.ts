/** What a publisher may ask for beside its event: whose custody, how long to wait, how long the event lives. */

import { RefusedError } from "../../../../node/mod.ts";

export interface PublishPreferences {
  /** Whose custody the 202 stands for: this cluster's, that of the first hop of each destination, or every destination's. */
  readonly ack: "accepted" | "next-hop" | "all";
  /** Longest wait for that custody, ms (RFC 7240 `wait`). */
  readonly waitMs: number;
  readonly ttlMs: number | undefined;
}

const PLAIN: PublishPreferences = { ack: "accepted", waitMs: 5000, ttlMs: undefined };

/** Throws `RefusedError` (`INVALID_HEADER`) for a value that cannot be honoured. */
export function readPreferences(headers: Headers): PublishPreferences {
  const ack = headers.get("weft-ack");
  const ttl = headers.get("weft-ttl-ms");
  const prefer = headers.get("prefer");
  if (ack === null && ttl === null && prefer === null) return PLAIN;
  return {
    ack: ack === null ? PLAIN.ack : toAck(ack),
    waitMs: prefer === null ? PLAIN.waitMs : toWaitMs(prefer),
    ttlMs: ttl === null ? undefined : toTtlMs(ttl),
  };
}

function toAck(value: string): PublishPreferences["ack"] {
  if (value === "accepted" || value === "next-hop" || value === "all") return value;
  throw invalid("Weft-Ack", value, 'it is "accepted", "next-hop" or "all"');
}

function toTtlMs(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw invalid("Weft-Ttl-Ms", value, "it is a whole number of milliseconds");
}

/** RFC 7240 §4.3; what is not `wait`, or not well formed, is ignored as §2 says. */
function toWaitMs(value: string): number {
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(value);
  return match === null ? PLAIN.waitMs : Number(match[1]) * 1000;
}

function invalid(header: string, value: string, rule: string): RefusedError {
  return new RefusedError("INVALID_HEADER", `Cannot use header ${header} "${value}": ${rule}`, { header });
}
