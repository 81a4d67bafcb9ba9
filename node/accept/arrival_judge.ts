/** Judges events that came over links: whether their source and id were published before as another event. */

import { isForNobody } from "../audience.ts";
import type { EventStore, StoredEvent } from "../event_store.ts";
import type { IdHash } from "../id_hash.ts";
import { isSameRecordId, recordEvent } from "../event_record.ts";
import { FirstByHash } from "./first_by_hash.ts";
import type { KnownIds } from "./known_ids.ts";
import type { Pending } from "./pending_ids.ts";

/** An event that came over a link for this cluster. */
export interface Arrived {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  /** As `encodeRecord()` writes it. */
  readonly record: Uint8Array;
  /** Filled in by who judges: the hash that the store is to know the event by. */
  idHash?: IdHash;
}

/** `repeat`: an event of the same source and id is here already, under another origin or sequence. */
export type ArrivalVerdict = "new" | "repeat";

/** An event that hashes like an arrival, or several: whether one of them is the same must be looked up. */
interface Suspicion {
  readonly index: number;
  readonly pending: Pending | undefined;
  readonly positions: readonly number[];
}

/** Arrivals that were judged, or are about to be, and are not stored yet. */
interface UnderWay {
  /** By the low half of the hash. */
  readonly firsts: Pick<FirstByHash, "has">;
  readonly settled: Promise<void>;
}

export class ArrivalJudge {
  readonly #store: EventStore;
  readonly #known: KnownIds;
  readonly #onError: (error: unknown) => void;
  readonly #underWay = new Set<UnderWay>();

  constructor(store: EventStore, known: KnownIds, onError: (error: unknown) => void) {
    this.#store = store;
    this.#known = known;
    this.#onError = onError;
  }

  /**
   * Calls `done` once, with a verdict for each: at once unless the log has to be read. An arrival also repeats an earlier
   * one of the same call. Events that only pass through this cluster count for nothing: they were never delivered here.
   * What is judged counts as under way until `done` calls `settle`, which it must: stored or not.
   */
  judge(
    arrivals: readonly Arrived[],
    done: (verdicts: readonly ArrivalVerdict[], settle: () => void) => void,
  ): void {
    const verdicts = new Array<ArrivalVerdict>(arrivals.length).fill("new");
    const firsts = new FirstByHash(arrivals.length);
    const settle = this.#begin(firsts);
    const suspicions: Suspicion[] = [];
    const now = this.#store.now();
    for (let index = 0; index < arrivals.length; index++) {
      const { record } = arrivals[index];
      const hash = arrivals[index].idHash = this.#store.hashRecord(record);
      const first = firsts.add(index, hash.lo);
      if (first >= 0 && isSameRecordId(arrivals[first].record, record)) {
        verdicts[index] = "repeat";
        continue;
      }
      const positions = this.#known.positions(hash, now);
      const pending = this.#known.pending(hash, () => recordEvent(record));
      if (positions.length > 0 || pending !== undefined) suspicions.push({ index, pending, positions });
    }
    if (suspicions.length === 0) done(verdicts, settle);
    else void this.#confirm(arrivals, suspicions, verdicts).then(() => done(verdicts, settle));
  }

  /**
   * Resolves once arrivals under way that may be of that id are stored or given up; `undefined`: there are none. Who
   * publishes the same at this very moment has to wait: neither can see the other in the log yet.
   */
  arriving({ lo }: IdHash): Promise<void> | undefined {
    for (const { firsts, settled } of this.#underWay) if (firsts.has(lo)) return settled;
    return undefined;
  }

  #begin(firsts: UnderWay["firsts"]): () => void {
    let resolve!: () => void;
    const underWay: UnderWay = { firsts, settled: new Promise<void>((settled) => resolve = settled) };
    this.#underWay.add(underWay);
    return () => {
      this.#underWay.delete(underWay);
      resolve();
    };
  }

  async #confirm(
    arrivals: readonly Arrived[],
    suspicions: readonly Suspicion[],
    verdicts: ArrivalVerdict[],
  ): Promise<void> {
    for (const suspicion of suspicions) {
      try {
        if (await this.#isRepeat(arrivals[suspicion.index], suspicion)) verdicts[suspicion.index] = "repeat";
      } catch (error) {
        this.#onError(error); // it is delivered rather twice than never
      }
    }
  }

  async #isRepeat(arrived: Arrived, { pending, positions }: Suspicion): Promise<boolean> {
    for (const position of positions) {
      const stored = await this.#store.get(position);
      if (stored === undefined || isForNobody(stored.audience) || isSame(stored, arrived)) continue;
      if (isSameRecordId(stored.record, arrived.record)) return true;
    }
    // One that could not be stored was never published.
    return pending !== undefined && await pending.receipt.then(() => true, () => false);
  }
}

function isSame(stored: StoredEvent, arrived: Arrived): boolean {
  return stored.sequence === arrived.sequence && stored.epoch === arrived.epoch && stored.origin === arrived.origin;
}
