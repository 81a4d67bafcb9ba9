/** The log of the memory store: events by position, in pieces, so that taking some out moves few others. */

import type { StoredEvent } from "../../../node/event_store.ts";

/** Events of a piece: what one step of retirement looks at. */
const PIECE_EVENTS = 256;

export class MemoryLog {
  readonly #onRemoved: (event: StoredEvent) => void;
  readonly #pieces: StoredEvent[][] = []; // none is empty
  #count = 0;
  #bytes = 0;
  #removed = 0;

  constructor(onRemoved: (event: StoredEvent) => void) {
    this.#onRemoved = onRemoved;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Events taken out so far. */
  get removed(): number {
    return this.#removed;
  }

  get first(): StoredEvent | undefined {
    return this.#pieces[0]?.[0];
  }

  /** Adds an event behind all others. */
  push(event: StoredEvent): void {
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.length < PIECE_EVENTS) last.push(event);
    else this.#pieces.push([event]);
    this.#count++;
    this.#bytes += event.bytes;
  }

  /** Events from a position on, oldest first. */
  *from(position: number): Generator<StoredEvent> {
    for (let i = this.#pieceAt(position); i < this.#pieces.length; i++) {
      for (const event of this.#pieces[i]) if (event.position >= position) yield event;
    }
  }

  /** All events, newest first. */
  *backwards(): Generator<StoredEvent> {
    for (let i = this.#pieces.length - 1; i >= 0; i--) {
      const piece = this.#pieces[i];
      for (let k = piece.length - 1; k >= 0; k--) yield piece[k];
    }
  }

  /**
   * Takes out what `goes` of the piece with a position, or of the next one after it; answers the last position looked at,
   * `undefined` when there is no such piece.
   */
  thinAt(position: number, goes: (event: StoredEvent) => boolean): number | undefined {
    const index = this.#pieceAt(position);
    const piece = this.#pieces[index];
    if (piece === undefined) return undefined;
    const last = piece[piece.length - 1].position;
    const kept: StoredEvent[] = [];
    for (const event of piece) {
      if (goes(event)) this.#noteRemoved(event);
      else kept.push(event);
    }
    if (kept.length < piece.length) this.#pieces.splice(index, 1, ...(kept.length > 0 ? [kept] : []));
    return last;
  }

  /** Takes out the oldest event. */
  removeFirst(): StoredEvent | undefined {
    const event = this.first;
    if (event !== undefined) this.thinAt(event.position, (other) => other === event);
    return event;
  }

  #noteRemoved(event: StoredEvent): void {
    this.#count--;
    this.#bytes -= event.bytes;
    this.#removed++;
    this.#onRemoved(event);
  }

  /** Index of the piece with a position, or of the first one behind it. */
  #pieceAt(position: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#pieces[middle];
      if (piece[piece.length - 1].position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
