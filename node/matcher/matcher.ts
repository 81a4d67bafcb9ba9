/** Patterns to targets: who is to get an event of this topic. Local subscriptions and remote interest alike. */

import { PatternTable, type PatternTableOptions } from "./pattern_table.ts";

/**
 * Targets in chunks, so that growing never copies them all. At 256 KiB a chunk is a large object to both engines: it is
 * not copied about by the collector, whose heap would grow for that.
 */
const CHUNK_BITS = 15;
const CHUNK_SIZE = 1 << CHUNK_BITS;

/**
 * A set of (pattern, target) pairs. Targets are told apart by identity. Texts are trusted to be valid: see
 * `parsePattern` and `parseTopic`.
 *
 * @example
 * ```ts
 * const matcher = new Matcher<string>();
 * matcher.add("order.*", "billing");
 * matcher.match("order.placed"); // ["billing"]
 * ```
 */
export class Matcher<Target extends NonNullable<unknown>> {
  readonly #table: PatternTable;
  /** By pattern id: the one target that most patterns have, or several. */
  readonly #slots: (Target | Several<Target> | undefined)[][] = [];
  readonly #matched: number[] = [];
  #size = 0;

  constructor(options: PatternTableOptions = {}) {
    this.#table = new PatternTable(options);
  }

  /** Number of pairs. */
  get size(): number {
    return this.#size;
  }

  /** Number of different patterns. */
  get patternCount(): number {
    return this.#table.size;
  }

  /** Bytes held in arrays, the targets themselves not counted: at most 64 a pattern in matchers of many. */
  get bytes(): number {
    return this.#table.bytes + this.#slots.reduce((sum, chunk) => sum + chunk.length, 0) * 8;
  }

  /** Adds a pair; false if it is there already. */
  add(pattern: string, target: Target): boolean {
    const id = this.#table.acquire(pattern);
    const slot = this.#slotOf(id);
    if (slot === undefined) {
      this.#setSlot(id, target);
    } else if (slot instanceof Several) {
      if (slot.targets.has(target)) return this.#undo(id);
      slot.targets.add(target);
    } else {
      if (slot === target) return this.#undo(id);
      this.#setSlot(id, new Several([slot, target]));
    }
    this.#size++;
    return true;
  }

  /** Removes a pair; false if it was not there. */
  remove(pattern: string, target: Target): boolean {
    const id = this.#table.find(pattern);
    if (id === undefined) return false;
    const slot = this.#slotOf(id);
    if (slot instanceof Several) {
      if (!slot.targets.delete(target)) return false;
      if (slot.targets.size === 1) this.#setSlot(id, slot.targets.values().next().value);
    } else {
      if (slot !== target) return false;
      this.#setSlot(id, undefined);
    }
    this.#table.release(id);
    this.#size--;
    return true;
  }

  /**
   * Appends the targets of all patterns that fit the topic to `targets` and returns it. A target under several patterns
   * that fit appears as often. The matcher may be changed while the result is read.
   */
  match(topic: string, targets: Target[] = []): Target[] {
    const ids = this.#matched;
    ids.length = 0;
    this.#table.match(topic, ids);
    for (let i = 0; i < ids.length; i++) {
      const slot = this.#slotOf(ids[i]);
      if (slot instanceof Several) {
        for (const target of slot.targets) targets.push(target);
      } else {
        targets.push(slot!);
      }
    }
    return targets;
  }

  /** Every pattern with its targets; the matcher must not change meanwhile. */
  *entries(): Generator<{ pattern: string; targets: Target[] }> {
    for (const id of this.#table.ids()) {
      const slot = this.#slotOf(id)!;
      yield { pattern: this.#table.patternOf(id), targets: slot instanceof Several ? [...slot.targets] : [slot] };
    }
  }

  #slotOf(id: number): Target | Several<Target> | undefined {
    return this.#slots[id >>> CHUNK_BITS]?.[id & (CHUNK_SIZE - 1)];
  }

  #setSlot(id: number, slot: Target | Several<Target> | undefined): void {
    // Ids are dense, so the first chunk grows by appending: most matchers stay small.
    const chunk = this.#slots[id >>> CHUNK_BITS] ??= id < CHUNK_SIZE ? [] : new Array(CHUNK_SIZE).fill(undefined);
    chunk[id & (CHUNK_SIZE - 1)] = slot;
  }

  /** Takes back the use that `add` counted for a pair that is there already. */
  #undo(id: number): false {
    this.#table.release(id);
    return false;
  }
}

/** The targets of a pattern that has more than one; a class of its own, so that no target is mistaken for it. */
class Several<Target> {
  readonly targets: Set<Target>;

  constructor(targets: Target[]) {
    this.targets = new Set(targets);
  }
}
