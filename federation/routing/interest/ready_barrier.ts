/** Waits until other clusters have said that they know a version of this one's interest. */

import type { World } from "../../world.ts";

export interface ReadyBarrierOptions {
  readonly version: number;
  readonly timeoutMs: number;
  /** Those that could be reached when it began. */
  readonly clusters: readonly string[];
  /** Called once, never before the constructor returns. */
  readonly done: (result: { readonly missing: readonly string[] }) => void;
}

export class ReadyBarrier {
  readonly #options: ReadyBarrierOptions;
  readonly #missing: Set<string>;
  #cancel: (() => void) | undefined;

  constructor(world: World, options: ReadyBarrierOptions) {
    this.#options = options;
    this.#missing = new Set(options.clusters);
    // With nobody to wait for as well it ends later, so that who waits has the barrier in hand.
    this.#cancel = world.after(this.#missing.size === 0 ? 0 : options.timeoutMs, () => this.#end());
  }

  /** Those that have not said so yet. */
  get missing(): readonly string[] {
    return [...this.#missing].sort();
  }

  noteEcho(cluster: string, version: number): void {
    if (version >= this.#options.version) this.#remove(cluster);
  }

  /** Who cannot be reached any more is not waited for. */
  noteUnreachable(cluster: string): void {
    this.#remove(cluster);
  }

  #remove(cluster: string): void {
    if (this.#missing.delete(cluster) && this.#missing.size === 0) this.#end();
  }

  #end(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#options.done({ missing: this.missing });
  }
}
