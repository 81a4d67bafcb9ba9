/** A bus that this node is a client of: the sessions on it, and when this side says next that it is here. */

import type { LinkBus } from "./link_bus.ts";
import type { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** A dialled bus on which nobody has answered is asked again. */
const MEET_EVERY_MS = 1000;
const MEET_EVERY_MS_MAX = 15_000;

export class AttachedBus {
  readonly bus: LinkBus;
  /** By cluster. */
  readonly sessions = new Map<string, Session>();
  readonly detach: (() => void)[] = [];
  /** Clusters that were here and are not heard any more. */
  readonly missing = new Set<string>();
  /** Why the other side refused this node, or this node it; the last time. */
  refusal: Refusal | undefined;
  #metAt = -Infinity;
  #meetAt: number;
  #meetEveryMs = MEET_EVERY_MS;

  constructor(bus: LinkBus, now: number) {
    this.bus = bus;
    this.#meetAt = now;
  }

  /** Somebody is there over it. */
  get linked(): boolean {
    return [...this.sessions.values()].some(({ state }) => state === "up");
  }

  /** When this side last said that it is here. */
  get metAt(): number {
    return this.#metAt;
  }

  /** This side should say that it is here. Everybody who was met is there; whoever comes later to a rendezvous says so. */
  isDue(now: number): boolean {
    return this.bus.dialled && now >= this.#meetAt && !(this.missing.size === 0 && this.linked);
  }

  /** This side has said it; the next time is later each time. */
  met(now: number): void {
    this.#metAt = now;
    this.#meetAt = now + this.#meetEveryMs;
    this.#meetEveryMs = Math.min(MEET_EVERY_MS_MAX, this.#meetEveryMs * 2);
  }

  /** Somebody has to be met anew, at the next look. */
  seek(now: number): void {
    this.#meetAt = Math.min(this.#meetAt, now);
    this.#meetEveryMs = MEET_EVERY_MS;
  }
}
