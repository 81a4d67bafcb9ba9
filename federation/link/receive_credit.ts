/**
 * How much each neighbour may have under way to this node in a lane: what may wait for the disk is shared by the links, so that
 * many neighbours at once do not run into refusals.
 */

import { WAITING_BYTES_MAX } from "../custody/intake.ts";
import type { Hello } from "./codec/mod.ts";
import { WINDOW_BYTES_MAX, WINDOW_BYTES_MIN } from "./send_window.ts";

export type Credit = Hello["creditBytes"];

const NO_LIMITS: Credit = {};

export class ReceiveCredit {
  #bytes = Infinity;
  #credit = NO_LIMITS;

  /** The same object as long as it says the same. Lanes that are not limited are left out. */
  of(neighbours: Iterable<{ readonly up: boolean }>): Credit {
    let links = 0;
    for (const { up } of neighbours) if (up) links++;
    const bytes = creditBytes(links);
    if (bytes === this.#bytes) return this.#credit;
    this.#bytes = bytes;
    return this.#credit = bytes === Infinity ? NO_LIMITS : { high: bytes, normal: bytes, bulk: bytes };
  }
}

/** In halves, so that it seldom changes; `Infinity` where a sender would not have more under way anyhow. */
export function creditBytes(links: number): number {
  let bytes = WAITING_BYTES_MAX;
  while (bytes * links > WAITING_BYTES_MAX && bytes > WINDOW_BYTES_MIN) bytes /= 2;
  return bytes >= WINDOW_BYTES_MAX ? Infinity : bytes;
}
