/** Copies of redriven events that the log no longer has, kept until their second chance is over. */

import { type DeadLetter, decodeLetter, encodeLetter } from "../dead_letter_format.ts";
import type { EventStore, StateChange, StoredEvent } from "../event_store.ts";

export class RedrivenCopies {
  readonly #store: EventStore;
  readonly #prefix: string;
  readonly #kept = new Set<number>();

  /** `queueKey`: the copies belong to one queue. */
  constructor(store: EventStore, queueKey: string) {
    this.#store = store;
    this.#prefix = `redriven/${queueKey}/`;
  }

  /** The event at a position, from the log or from its copy; `undefined` if neither has it. */
  async load(position: number): Promise<StoredEvent | undefined> {
    const stored = await this.#store.get(position);
    if (stored !== undefined) return stored;
    const copy = await this.#store.readState(this.#key(position));
    if (copy === undefined) return undefined;
    this.#kept.add(position);
    return toStoredEvent(decodeLetter(copy), copy.length);
  }

  /** What to commit so that a letter's event can be loaded as long as it is open. */
  async toKeep(letter: DeadLetter): Promise<StateChange[]> {
    if (await this.#store.get(letter.position) !== undefined) return [];
    this.#kept.add(letter.position);
    return [{ key: this.#key(letter.position), value: encodeLetter(letter) }];
  }

  /** The event is settled; nearly always there is no copy of it. */
  drop(position: number, onError: (error: unknown) => void): void {
    if (!this.#kept.delete(position)) return;
    this.#store.commit([], [{ key: this.#key(position), value: undefined }]).catch(onError);
  }

  #key(position: number): string {
    return this.#prefix + position.toString(36);
  }
}

/** A redriven event has no time to live any more: somebody asked for it by name. */
function toStoredEvent(letter: DeadLetter, bytes: number): StoredEvent {
  const { position, topic, event, origin, epoch, sequence, acceptedAt } = letter;
  return { position, topic, event, origin, epoch, sequence, acceptedAt, acceptedAge: 0, ttlMs: 0, bytes };
}
