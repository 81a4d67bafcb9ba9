/** What federation has to say, as log lines and as events of the node's own. */

import type { FederationNotice } from "../../federation/mod.ts";
import type { Clock, SystemEventType, WeftNode } from "../../node/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

/** Codes that are events of their own; other warnings are `weft-system.mesh.warning`. */
const TYPES: Readonly<Record<string, SystemEventType>> = {
  LINK_UP: "weft-system.link.up",
  LINK_DOWN: "weft-system.link.down",
  LINK_DAMPED: "weft-system.link.damped",
  CLUSTER_FOUND: "weft-system.cluster.found",
  CLUSTER_LOST: "weft-system.cluster.lost",
  CLUSTER_LEFT: "weft-system.cluster.left",
  PARK_HIGH: "weft-system.park.high",
  PARK_FULL: "weft-system.park.full",
};

/** The same words again within this are for those who look closely, and no event. */
const REPEAT_MS = 60_000;
/** Words remembered: peers choose some of them. */
const REMEMBERED_MAX = 1000;

/** Words that come and go of themselves are always told: each is news. */
const ALWAYS = new Set(["LINK_UP", "LINK_DOWN", "CLUSTER_FOUND", "CLUSTER_LOST", "CLUSTER_LEFT"]);

export class Notices {
  readonly #parts: { readonly node: WeftNode; readonly log: Logger; readonly clock: Clock };
  readonly #told = new Map<string, number>();

  constructor(parts: { readonly node: WeftNode; readonly log: Logger; readonly clock: Clock }) {
    this.#parts = parts;
  }

  tell(notice: FederationNotice): void {
    const { code, detail, peer, level } = notice;
    const { node, log } = this.#parts;
    const repeated = !ALWAYS.has(code) && this.#isRepeat(`${code} ${peer} ${detail}`);
    // Braces would stand for values.
    log[repeated ? "debug" : level](`${code}: ${detail.replace(/[{}]/g, "$&$&")}`, { code, peer });
    const type = TYPES[code] ?? (level === "warn" ? "weft-system.mesh.warning" : undefined);
    if (type !== undefined && !repeated) node.announce(type, { code, detail, peer: peer ?? null });
  }

  #isRepeat(words: string): boolean {
    const now = this.#parts.clock.now();
    const at = this.#told.get(words);
    if (at !== undefined && now - at < REPEAT_MS) return true;
    this.#told.delete(words);
    this.#told.set(words, now);
    if (this.#told.size > REMEMBERED_MAX) this.#told.delete(this.#told.keys().next().value!);
    return false;
  }
}
