/**
 * Tells other clusters which version of their interest is known here: the first at once, for somebody may wait for it, and
 * what comes within a moment after that together.
 */

import type { World } from "../../world.ts";

const COALESCE_MS = 50;
/**
 * At most so many at once, and so many a second: where a large mesh comes up, everybody would tell everybody what nobody
 * waits for. Who does wait asks for what is not said.
 */
const ECHOES_MAX = 64;

export class EchoSender {
  readonly #world: World;
  readonly #send: (origin: string, version: number) => void;
  readonly #pending = new Map<string, number>();
  #sentAt = -Infinity;
  #left = ECHOES_MAX;
  #countedAt = 0;

  constructor(world: World, send: (origin: string, version: number) => void) {
    this.#world = world;
    this.#send = send;
  }

  note(origin: string, version: number): void {
    if (version <= 0) return;
    const scheduled = this.#pending.size > 0;
    this.#pending.set(origin, Math.max(version, this.#pending.get(origin) ?? 0));
    if (scheduled) return;
    const now = this.#world.now();
    this.#world.after(Math.max(0, this.#sentAt + COALESCE_MS - now), () => this.#flush());
  }

  #flush(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    this.#sentAt = this.#world.now();
    for (const [to, known] of pending.slice(0, this.#mayStillSay(this.#sentAt))) {
      this.#left--;
      this.#send(to, known);
    }
  }

  #mayStillSay(now: number): number {
    const more = Math.floor((now - this.#countedAt) * ECHOES_MAX / 1000);
    if (more > 0) {
      this.#left = Math.min(ECHOES_MAX, this.#left + more);
      this.#countedAt = now;
    }
    return this.#left;
  }
}
