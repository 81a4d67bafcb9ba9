/** Tells other clusters which version of their interest is known here; what comes within a moment is told once. */

import type { World } from "../../world.ts";

const COALESCE_MS = 50;

export class EchoSender {
  readonly #world: World;
  readonly #send: (origin: string, version: number) => void;
  readonly #pending = new Map<string, number>();

  constructor(world: World, send: (origin: string, version: number) => void) {
    this.#world = world;
    this.#send = send;
  }

  note(origin: string, version: number): void {
    if (version <= 0) return;
    const scheduled = this.#pending.size > 0;
    this.#pending.set(origin, Math.max(version, this.#pending.get(origin) ?? 0));
    if (scheduled) return;
    this.#world.after(COALESCE_MS, () => {
      const pending = [...this.#pending];
      this.#pending.clear();
      for (const [to, known] of pending) this.#send(to, known);
    });
  }
}
