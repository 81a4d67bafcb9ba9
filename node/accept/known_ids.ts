/** Which events are known by their source and id: those on their way into the store, and those of the publish window. */

import { RefusedError } from "../errors.ts";
import type { CloudEvent } from "../event.ts";
import type { EventStore, StoredEvent } from "../event_store.ts";
import type { IdHash } from "../id_hash.ts";
import { isSameId, type Pending, PendingIds } from "./pending_ids.ts";
import { PublishWindow, type PublishWindowOptions } from "./publish_window.ts";
import type { Receipt } from "./receipt.ts";

/** An event that came before, with the receipt that it has got or will get. */
export interface Known {
  readonly type: "known";
  readonly first: CloudEvent;
  readonly receipt: Promise<Receipt>;
}

/** `unsure`: the log must be read to know. */
export type Knowledge =
  | { readonly type: "new" }
  | Known
  | { readonly type: "unsure"; readonly positions: readonly number[] };

const NEW: Knowledge = { type: "new" };

export class KnownIds {
  readonly #store: EventStore;
  readonly #options: PublishWindowOptions;
  readonly #window: PublishWindow;
  readonly #pending = new PendingIds();

  constructor(store: EventStore, options: PublishWindowOptions) {
    this.#store = store;
    this.#options = options;
    this.#window = new PublishWindow(options);
  }

  /** Rebuilds the window from the log. */
  async load(): Promise<void> {
    for await (const run of this.#store.recentIds(this.#options)) {
      for (let i = 0; i < run.count; i++) {
        this.#window.insert(run.position + i, run.hashes[i * 2], run.hashes[i * 2 + 1], run.acceptedAge);
      }
    }
  }

  /** How far back a repeat is recognised, in ms, and how many ids are known. */
  get window(): { coveredMs: number; ids: number } {
    return { coveredMs: Math.round(this.#window.coveredMs(this.#store.now())), ids: this.#window.size };
  }

  hash({ attributes }: CloudEvent): IdHash {
    return this.#store.hashId(attributes.source, attributes.id);
  }

  /** What is known without reading the log. `strangers`: positions that were read and hold another id. */
  look(event: CloudEvent, hash: IdHash, strangers?: ReadonlySet<number>): Knowledge {
    const pending = this.#pending.find(event, hash);
    if (pending !== undefined) return { type: "known", first: pending.event, receipt: pending.receipt };
    const candidates = this.#window.candidates(hash.hi, hash.lo, this.#store.now());
    if (candidates.length === 0) return NEW;
    const positions = strangers === undefined ? candidates : candidates.filter((position) => !strangers.has(position));
    return positions.length === 0 ? NEW : { type: "unsure", positions };
  }

  /** Positions of the window at which there may be an event of that hash. */
  positions({ hi, lo }: IdHash, now = this.#store.now()): readonly number[] {
    return this.#window.candidates(hi, lo, now);
  }

  /** The event of the same id that is on its way into the store, if there is one. `event` is asked for only if need be. */
  pending(hash: IdHash, event: () => CloudEvent): Pending | undefined {
    return this.#pending.has(hash) ? this.#pending.find(event(), hash) : undefined;
  }

  /** An event that came over a link is stored. */
  noteArrived(stored: StoredEvent): void {
    const { hi, lo } = stored.idHash ?? this.#store.hashRecord(stored.record);
    this.#window.insert(stored.position, hi, lo, stored.acceptedAge);
  }

  /**
   * Reads the log at `positions`: the event if it is there, else those positions as strangers, with which to look again
   * (others publish while the log is read).
   */
  async read(
    event: CloudEvent,
    positions: readonly number[],
  ): Promise<Known | { readonly type: "strangers"; readonly positions: readonly number[] }> {
    for (const position of positions) {
      const stored = await this.#store.get(position);
      if (stored === undefined || !isSameId(stored.event, event)) continue; // another id with this hash, or retired
      const { epoch, sequence, origin: cluster } = stored;
      return { type: "known", first: stored.event, receipt: Promise.resolve({ cluster, epoch, sequence, position }) };
    }
    return { type: "strangers", positions };
  }

  /** The event is on its way into the store. */
  begin(event: CloudEvent, hash: IdHash, receipt: Promise<Receipt>): void {
    this.#pending.add({ event, receipt }, hash);
  }

  /** It is stored at `position`, or could not be (`undefined`). Seen only once stored: a failed write must not eat the retry. */
  end(event: CloudEvent, hash: IdHash, position: number | undefined): void {
    if (position !== undefined) this.#window.insert(position, hash.hi, hash.lo, this.#store.now());
    this.#pending.remove(event, hash);
  }
}

/** Throws `ID_CONFLICT` unless `event` repeats `first`. */
export function assertSameEvent(first: CloudEvent, event: CloudEvent): void {
  const difference = differenceOf(first, event);
  if (difference === undefined) return;
  const { source, id } = event.attributes;
  throw new RefusedError(
    "ID_CONFLICT",
    `Cannot accept event: source "${source}" has published id "${id}" before with another ${difference}; ` +
      "give a new event a new id, or repeat the first one unchanged",
    { source, id, difference },
  );
}

/** What tells two events of one id apart; `time` and tracing do not count, since a retry may set them anew. */
function differenceOf(a: CloudEvent, b: CloudEvent): string | undefined {
  for (const name of ["type", "subject", "dataschema", "datacontenttype"]) {
    if (a.attributes[name] !== b.attributes[name]) return name;
  }
  return sameBytes(a.data, b.data) ? undefined : "data";
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
