/** Events that failed all their attempts, kept with the reason until somebody redrives or purges them. */

import { type DeadLetter, decodeLetter, encodeLetter } from "./dead_letter_format.ts";
import type { EventStore, StateChange, StoredEvent } from "./event_store.ts";
import { patternMatches } from "./topic.ts";

/** What is said of a death; the rest comes from the event. */
export type DeadLetterDraft = Pick<
  DeadLetter,
  "subscription" | "reason" | "detail" | "attempts" | "lastResponse" | "at"
>;

/** Which dead letters; all that is given must hold. Times are wall clock in ms. */
export interface DeadLetterQuery {
  readonly ids?: readonly string[];
  readonly subscription?: string;
  readonly topic?: string;
  readonly before?: number;
  readonly after?: number;
}

export type { DeadLetter };

const PREFIX = "dead-letter/";
const PAGE = 200;

/**
 * Documents `dead-letter/<id>` of the store. The id is the time and the position, so that they list in order of death and
 * a repeat after a kill is the same letter. Each holds a copy of the event: retention of the log does not touch it.
 */
export class DeadLetters {
  readonly #store: EventStore;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** The change that records a letter; the caller commits it together with the end of the delivery. */
  toChange(stored: StoredEvent, draft: DeadLetterDraft): { id: string; change: StateChange } {
    const id = `${Math.round(draft.at).toString(36).padStart(9, "0")}-${
      stored.position.toString(36)
    }-${draft.subscription}`;
    const { position, topic, event, origin, epoch, sequence, acceptedAt } = stored;
    const letter = { ...draft, id, position, topic, event, origin, epoch, sequence, acceptedAt };
    return { id, change: { key: PREFIX + id, value: encodeLetter(letter) } };
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const value = await this.#store.readState(PREFIX + id);
    return value === undefined ? undefined : decodeLetter(value);
  }

  /** Letters in order of death, after letter `after`, at most `limit`; `next` is where to go on. */
  async list(
    query: DeadLetterQuery,
    page: { after?: string; limit: number },
  ): Promise<{ letters: DeadLetter[]; next: string | null }> {
    const letters: DeadLetter[] = [];
    for await (const letter of this.#all(page.after)) {
      if (!fits(letter, query)) continue;
      if (letters.length === page.limit) return { letters, next: letters[letters.length - 1].id };
      letters.push(letter);
    }
    return { letters, next: null };
  }

  /** Those that fit, in pages, so that any number can be worked through in bounded memory. */
  async *select(query: DeadLetterQuery): AsyncGenerator<DeadLetter> {
    if (query.ids !== undefined) {
      for (const id of query.ids) {
        const letter = await this.get(id);
        if (letter !== undefined && fits(letter, query)) yield letter;
      }
      return;
    }
    for await (const letter of this.#all(undefined)) if (fits(letter, query)) yield letter;
  }

  toRemoval(id: string): StateChange {
    return { key: PREFIX + id, value: undefined };
  }

  /** Removes those that fit; how many. */
  async purge(query: DeadLetterQuery): Promise<number> {
    let removed = 0;
    let changes: StateChange[] = [];
    for await (const letter of this.select(query)) {
      changes.push(this.toRemoval(letter.id));
      removed++;
      if (changes.length === PAGE) {
        await this.#store.commit([], changes);
        changes = [];
      }
    }
    if (changes.length > 0) await this.#store.commit([], changes);
    return removed;
  }

  async *#all(after: string | undefined): AsyncGenerator<DeadLetter> {
    let key = after === undefined ? undefined : PREFIX + after;
    for (;;) {
      const page = await this.#store.listState({ prefix: PREFIX, after: key, limit: PAGE });
      for (const entry of page) yield decodeLetter(entry.value);
      if (page.length < PAGE) return;
      key = page[page.length - 1].key;
    }
  }
}

function fits(letter: DeadLetter, query: DeadLetterQuery): boolean {
  return (query.ids === undefined || query.ids.includes(letter.id)) &&
    (query.subscription === undefined || letter.subscription === query.subscription) &&
    (query.topic === undefined || patternMatches(query.topic, letter.topic)) &&
    (query.before === undefined || letter.at < query.before) &&
    (query.after === undefined || letter.at > query.after);
}
