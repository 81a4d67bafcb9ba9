/** Tells people what went wrong, each thing once a minute: what a hostile peer repeats must not fill a log. */

import type { World } from "../../world.ts";

export interface RecordsNotice {
  /**
   * `RECORD_CONFLICT`, `EPOCH_JUMP`, `EPOCH_EXHAUSTED`, `MESSAGE_REFUSED`, `RECORD_REFUSED`, `DATABASE_FULL`,
   * `PERSIST_FAILED`, `ORPHANS_WITHDRAWN`, `ORIGIN_FORGOTTEN`.
   */
  readonly code: string;
  /** What happened, to what, and what to do. */
  readonly detail: string;
  /** The cluster that it is about. */
  readonly origin?: string;
}

const QUIET_MS = 60_000;
const REMEMBERED_MAX = 1000;

export class Notices {
  readonly #world: World;
  readonly #tell: (notice: RecordsNotice) => void;
  readonly #told = new Map<string, number>();

  constructor(world: World, tell: (notice: RecordsNotice) => void) {
    this.#world = world;
    this.#tell = tell;
  }

  /** `about` is what makes two notices of a code the same: a cluster, or the peer that something came from. */
  give(notice: RecordsNotice, about: string = notice.origin ?? ""): void {
    const name = `${notice.code} ${about}`;
    const now = this.#world.now();
    const last = this.#told.get(name);
    if (last !== undefined && now - last < QUIET_MS) return;
    if (this.#told.size >= REMEMBERED_MAX) this.#told.clear();
    this.#told.set(name, now);
    this.#tell(notice);
  }
}
