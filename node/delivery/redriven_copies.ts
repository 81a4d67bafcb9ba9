/** Copies of redriven events that the log no longer has, or whose time there is over: kept until their second chance is, too. */

import { type DeadLetter, decodeLetter, encodeLetter } from "../dead_letter_format.ts";
import { encodeRecord } from "../event_record.ts";
import type { EventStore, StateChange, StoredEvent } from "../event_store.ts";

/** Copies read in one go when a queue begins. */
const PAGE = 500;

export class RedrivenCopies {
  readonly #store: EventStore;
  readonly #prefix: string;
  readonly #kept = new Set<number>();

  /** `queueKey`: the copies belong to one queue. */
  constructor(store: EventStore, queueKey: string) {
    this.#store = store;
    this.#prefix = `redriven/${queueKey}/`;
  }

  /** Finds the copies of a queue that begins again, before anything is loaded; those of settled events go. */
  async find(isOpen: (position: number) => boolean, onError: (error: unknown) => void): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.#store.listState({ prefix: this.#prefix, after, limit: PAGE });
      for (const { key } of page) this.#kept.add(Number.parseInt(key.slice(this.#prefix.length), 36));
      if (page.length < PAGE) break;
      after = page[page.length - 1].key;
    }
    for (const position of [...this.#kept]) if (!isOpen(position)) this.drop(position, onError);
  }

  /** The event at a position, from its copy or from the log; `undefined` if neither has it. */
  async load(position: number): Promise<StoredEvent | undefined> {
    if (!this.#kept.has(position)) return await this.#store.get(position);
    const copy = await this.#store.readState(this.#key(position));
    return copy === undefined ? await this.#store.get(position) : toStoredEvent(decodeLetter(copy), copy.length);
  }

  /** What to commit so that a letter's event can be loaded as long as it is open. */
  async toKeep(letter: DeadLetter): Promise<StateChange[]> {
    const stored = await this.#store.get(letter.position);
    if (stored !== undefined && stored.ttlMs === 0) return [];
    this.#kept.add(letter.position);
    return [{ key: this.#key(letter.position), value: encodeLetter(letter) }];
  }

  /** The event is settled; nearly always there is no copy of it. */
  drop(position: number, onError: (error: unknown) => void): void {
    if (!this.#kept.delete(position)) return;
    this.#store.commit([], [{ key: this.#key(position), value: undefined }]).catch(onError);
  }

  /** What to commit so that nothing is left of them. */
  toRemovals(): StateChange[] {
    return [...this.#kept].map((position) => ({ key: this.#key(position), value: undefined }));
  }

  #key(position: number): string {
    return this.#prefix + position.toString(36);
  }
}

/** A redriven event has no time to live any more: somebody asked for it by name. */
function toStoredEvent(letter: DeadLetter, bytes: number): StoredEvent {
  const { position, topic, event, origin, epoch, sequence, acceptedAt } = letter;
  return {
    position,
    topic,
    event,
    origin,
    epoch,
    sequence,
    acceptedAt,
    acceptedAge: 0,
    ttlMs: 0,
    bytes,
    audience: "everybody", // the queue that it is loaded for has had it before
    get record() {
      return encodeRecord({ event, topic, ttlMs: 0 });
    },
  };
}
