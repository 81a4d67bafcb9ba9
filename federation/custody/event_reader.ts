/** Events by their position, for frames: those that have just come are at hand, older ones are read a page at a time. */

import type { StoredEvent } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { World } from "../world.ts";

/** Events kept since they came: what links that keep up ask for. They hold their pages of the store, so not more. */
const RECENT_EVENTS = 2048;
/** A page of a backlog: about a frame. */
const PAGE_EVENTS = 512;
const PAGE_BYTES = 512 * 1024;
/** Pause after the store could not be read. */
const RETRY_MS = 500;

/** `unread`: ask `load()`. `gone`: the store no longer has it. */
export type Looked = StoredEvent | "unread" | "gone";

export class EventReader {
  readonly #log: CustodyLog;
  readonly #world: World;
  readonly #recent: (StoredEvent | undefined)[] = new Array(RECENT_EVENTS);
  #page: readonly StoredEvent[] = [];
  #pageFrom = 1;
  #pageTo = 0;
  #loading = false;
  readonly #waiting: { readonly position: number; readonly done: () => void }[] = [];
  readonly #onError: (error: unknown) => void;

  constructor(log: CustodyLog, world: World, onError: (error: unknown) => void) {
    this.#log = log;
    this.#world = world;
    this.#onError = onError;
    log.onAppend((events) => {
      for (const event of events) this.#recent[event.position % RECENT_EVENTS] = event;
    });
  }

  at(position: number): Looked {
    const recent = this.#recent[position % RECENT_EVENTS];
    if (recent?.position === position) return recent;
    if (position >= this.#pageFrom && position <= this.#pageTo) return this.#inPage(position) ?? "gone";
    return position < this.#log.tail ? "gone" : "unread";
  }

  /** Reads the page that begins at a position, then calls `done`; while the store cannot be read, it is tried again. */
  load(position: number, done: () => void): void {
    this.#waiting.push({ position, done });
    if (!this.#loading) this.#next();
  }

  #next(): void {
    const waiting = this.#waiting[0];
    if (waiting === undefined) return;
    this.#loading = true;
    const { position } = waiting;
    this.#log.read({ after: position - 1, eventsMax: PAGE_EVENTS, bytesMax: PAGE_BYTES }, (error, events) => {
      if (error !== undefined) {
        this.#onError(error);
        this.#world.after(RETRY_MS, () => this.#next());
        return;
      }
      this.#loading = false;
      this.#waiting.shift();
      this.#keep(position, events);
      waiting.done();
      if (!this.#loading) this.#next();
    });
  }

  #inPage(position: number): StoredEvent | undefined {
    // Those before it of which the log has taken out some are fewer than positions.
    let index = Math.min(position - this.#pageFrom, this.#page.length - 1);
    while (index >= 0 && this.#page[index].position > position) index--;
    return this.#page[index]?.position === position ? this.#page[index] : undefined;
  }

  #keep(from: number, events: readonly StoredEvent[]): void {
    this.#page = events;
    this.#pageFrom = from;
    this.#pageTo = events.at(-1)?.position ?? this.#log.head;
  }
}
