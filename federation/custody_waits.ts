/** Publishers that wait for more than this cluster's custody of their events. */

import type { BestEffort } from "./best_effort/best_effort.ts";
import type { Departures } from "./custody/departures.ts";
import type { Books } from "./ledger/books.ts";
import type { World } from "./world.ts";

/** An own event, as its receipt names it. */
export interface OwnEvent {
  readonly cluster: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly position: number;
}

export interface CustodyWish {
  /** `next-hop`: the first hop of each destination has it. `all`: each destination has it, or it has ended. */
  readonly level: "next-hop" | "all";
  readonly timeoutMs: number;
}

export interface CustodyWaitsParts {
  readonly world: World;
  readonly self: string;
  readonly departures: Departures;
  readonly books: Books;
  /** Clusters to which an event went without custody: they never say that they have it. */
  readonly bestEffort: Pick<BestEffort, "sentTo">;
}

interface Wait extends CustodyWish {
  readonly events: readonly OwnEvent[];
  end(): void;
}

export class CustodyWaits {
  readonly #parts: CustodyWaitsParts;
  readonly #waits = new Set<Wait>();

  constructor(parts: CustodyWaitsParts) {
    this.#parts = parts;
    parts.books.watch(() => this.look());
  }

  /**
   * `done` is called once, with the clusters that have not taken custody in time: none when all have. Nobody waits for those
   * that get an event without custody; they are among them always.
   */
  wait(events: readonly OwnEvent[], wish: CustodyWish, done: (pending: readonly string[]) => void): void {
    // Of an event that was first accepted elsewhere only that cluster keeps the books.
    const own = events.filter(({ cluster }) => cluster === this.#parts.self);
    const wait: Wait = {
      ...wish,
      events: own,
      end: () => {
        if (!this.#waits.delete(wait)) return;
        cancel();
        const { bestEffort } = this.#parts;
        const untold = own.flatMap(({ position }) => bestEffort.sentTo(position));
        done([...new Set([...this.#pending(wait), ...untold])].sort());
      },
    };
    const cancel = this.#parts.world.after(wish.timeoutMs, () => wait.end());
    this.#waits.add(wait);
    this.#lookAt(wait);
  }

  /** Something was dispatched, handed over or ended. */
  look(): void {
    for (const wait of [...this.#waits]) this.#lookAt(wait);
  }

  #lookAt(wait: Wait): void {
    const { departures } = this.#parts;
    if (wait.events.some(({ position }) => position > departures.dispatched)) return;
    if (this.#pending(wait).length === 0) wait.end();
  }

  #pending({ events, level }: Wait): string[] {
    const { books } = this.#parts;
    const untilHanded = level === "next-hop";
    const pending = events.flatMap(({ epoch, sequence }) => books.pending(epoch, sequence, { untilHanded }));
    return [...new Set(pending)].sort();
  }
}
