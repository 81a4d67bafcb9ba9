/** Accepts events: checks, recognises repeats, stores, and only then gives the receipt. */

import { RefusedError, StoreFullError } from "../errors.ts";
import type { CloudEvent } from "../event.ts";
import type { Appended, AppendEntry, EventStore, StoredEvent } from "../event_store.ts";
import type { IdHash } from "../id_hash.ts";
import { isSystemTopic } from "../system_topics.ts";
import { InvalidTopicError, parseTopic, routingKey } from "../topic.ts";
import { ArrivalJudge, type ArrivalVerdict, type Arrived } from "./arrival_judge.ts";
import { assertSameEvent, type Known, KnownIds } from "./known_ids.ts";
import { isSameId } from "./pending_ids.ts";
import type { PublishWindowOptions } from "./publish_window.ts";
import type { Receipt } from "./receipt.ts";
import { remainingAgeMs } from "./time_to_live.ts";

/** An event to accept. */
export interface Submission {
  /** Valid: of `topicOf()`. */
  readonly topic: string;
  readonly event: CloudEvent;
  /** Remaining age asked for by the publisher, in ms. */
  readonly ttlMs?: number;
}

export interface AcceptorOptions {
  readonly cluster: string;
  readonly eventBytesMax: number;
  readonly topicBytesMax: number;
  readonly publishWindow: PublishWindowOptions;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Events were stored. */
  readonly onStored?: () => void;
  /** There was no room for an event. */
  readonly onFull?: (error: StoreFullError) => void;
  /** The log could not be read to judge an arrival. */
  readonly onError?: (error: unknown) => void;
}

interface Item {
  readonly entry: AppendEntry;
  readonly hash: IdHash;
}

export class Acceptor {
  readonly #store: EventStore;
  readonly #options: AcceptorOptions;
  readonly #known: KnownIds;
  readonly #judge: ArrivalJudge;
  /** Events taken, and repeats among what was sent. */
  readonly counts = { accepted: 0, duplicates: 0 };

  constructor(store: EventStore, options: AcceptorOptions) {
    this.#store = store;
    this.#options = options;
    this.#known = new KnownIds(store, options.publishWindow);
    this.#judge = new ArrivalJudge(store, this.#known, options.onError ?? (() => undefined));
  }

  /** Rebuilds the publish window from the log; before the first event. */
  async load(): Promise<void> {
    await this.#known.load();
  }

  get window(): { coveredMs: number; ids: number } {
    return this.#known.window;
  }

  /** Positions of the publish window at which there may be an event of that source and id. */
  candidates(source: string, id: string): readonly number[] {
    return this.#known.positions(this.#store.hashId(source, id));
  }

  /** See `ArrivalJudge.judge()`. */
  judge(
    arrivals: readonly Arrived[],
    done: (verdicts: readonly ArrivalVerdict[], settle: () => void) => void,
  ): void {
    this.#judge.judge(arrivals, done);
  }

  /** An event that was not accepted here is in the log: a publisher that repeats it is told so. */
  noteArrived(stored: StoredEvent): void {
    this.#known.noteArrived(stored);
  }

  /** The topic that an event will have. Throws `RefusedError` (`INVALID_TOPIC`, `TOPIC_RESERVED`). */
  topicOf(event: CloudEvent, explicit?: string): string {
    const topic = this.#validTopic(event, explicit);
    if (!isSystemTopic(topic)) return topic;
    throw new RefusedError(
      "TOPIC_RESERVED",
      'Cannot publish to "weft-system": the node publishes its own events there; choose another first token',
    );
  }

  /**
   * Resolves once the event is durable. A repeat within the publish window is answered with its first receipt.
   * Rejects with `RefusedError` (`ID_CONFLICT`: the same source and id with other content; `EVENT_TOO_LARGE`) or
   * `StoreFullError`.
   */
  accept(submission: Submission): Promise<Receipt> {
    try {
      const entry = this.#toEntry(submission);
      const hash = this.#known.hash(entry.event);
      const knowledge = this.#known.look(entry.event, hash);
      if (knowledge.type === "new" && this.#judge.arriving(hash) === undefined) return this.#append(entry, hash);
      return this.#acceptAll([{ entry, hash }]).then(([receipt]) => receipt);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** All or nothing, in order; a refusal names the `index`. A repeat, also of an earlier event of the batch, says so. */
  async acceptBatch(submissions: readonly Submission[]): Promise<Receipt[]> {
    return await this.#acceptAll(submissions.map((submission, index) => {
      const entry = atIndex(index, () => this.#toEntry(submission));
      return { entry, hash: this.#known.hash(entry.event) };
    }));
  }

  async #acceptAll(items: readonly Item[]): Promise<Receipt[]> {
    const strangers = new Set<number>();
    const known = new Map<Item, Known>();
    for (;;) {
      const { unsure, arriving } = this.#sort(items, known, strangers);
      if (unsure.length === 0 && arriving.length === 0) return await this.#appendAll(items, known);
      await Promise.all(arriving);
      for (const { item, positions } of unsure) {
        const read = await this.#known.read(item.entry.event, positions);
        if (read.type === "known") known.set(item, read);
        else for (const position of read.positions) strangers.add(position);
      }
    }
  }

  /**
   * Fills `known`; answers the items about which the log must be asked, and what has to be waited for. Nothing can happen
   * between this and what follows.
   */
  #sort(items: readonly Item[], known: Map<Item, Known>, strangers: ReadonlySet<number>) {
    const unsure: { item: Item; positions: readonly number[] }[] = [];
    const arriving: Promise<void>[] = [];
    for (const item of items) {
      if (known.has(item)) continue;
      const knowledge = this.#known.look(item.entry.event, item.hash, strangers);
      if (knowledge.type === "known") known.set(item, knowledge);
      else if (knowledge.type === "unsure") unsure.push({ item, positions: knowledge.positions });
      const settled = knowledge.type === "known" ? undefined : this.#judge.arriving(item.hash);
      if (settled !== undefined) arriving.push(settled);
    }
    return { unsure, arriving };
  }

  async #appendAll(items: readonly Item[], known: ReadonlyMap<Item, Known>): Promise<Receipt[]> {
    const firsts = new Map<string, CloudEvent>();
    const fresh: Item[] = [];
    for (const [index, item] of items.entries()) {
      const { event } = item.entry;
      const key = `${event.attributes.source}\0${event.attributes.id}`;
      const first = known.get(item)?.first ?? firsts.get(key);
      if (first !== undefined) atIndex(index, () => assertSameEvent(first, event));
      else {
        firsts.set(key, event);
        fresh.push(item);
      }
    }
    const own = this.#commit(fresh);
    this.counts.duplicates += items.length - fresh.length;
    let next = 0;
    return await Promise.all(items.map((item) => {
      if (fresh[next] === item) return own[next++];
      const earlier = fresh.findIndex(({ entry }) => isSameId(entry.event, item.entry.event));
      return (known.get(item)?.receipt ?? own[earlier]).then((receipt) => ({ ...receipt, duplicate: true as const }));
    }));
  }

  /** What `#commit()` does, for one event: most publishes, so it is kept to one promise. */
  #append(entry: AppendEntry, hash: IdHash): Promise<Receipt> {
    const receipt = this.#store.commit([entry]).then(
      (appended) => {
        this.#committed(1);
        this.#known.end(entry.event, hash, appended.position);
        return this.#toReceipt(appended, 0);
      },
      (error) => {
        this.#known.end(entry.event, hash, undefined);
        throw this.#failed(error);
      },
    );
    this.#known.begin(entry.event, hash, receipt);
    return receipt;
  }

  #committed(events: number): void {
    this.counts.accepted += events;
    this.#options.onStored?.();
  }

  #failed(error: unknown): unknown {
    if (error instanceof StoreFullError) this.#options.onFull?.(error);
    return error;
  }

  /** Stores new events in one go; a receipt for each. */
  #commit(items: readonly Item[]): Promise<Receipt>[] {
    if (items.length === 0) return [];
    const committed = this.#store.commit(items.map(({ entry }) => entry)).then(
      (appended) => {
        this.#committed(items.length);
        for (const [i, { entry, hash }] of items.entries()) this.#known.end(entry.event, hash, appended.position + i);
        return appended;
      },
      (error) => {
        for (const { entry, hash } of items) this.#known.end(entry.event, hash, undefined);
        throw this.#failed(error);
      },
    );
    return items.map(({ entry, hash }, i) => {
      const receipt = committed.then((appended) => this.#toReceipt(appended, i));
      this.#known.begin(entry.event, hash, receipt);
      return receipt;
    });
  }

  #toReceipt({ epoch, sequence, position }: Appended, offset: number): Receipt {
    return { cluster: this.#options.cluster, epoch, sequence: sequence + offset, position: position + offset };
  }

  #toEntry({ topic, event, ttlMs }: Submission): AppendEntry {
    const bytes = (event.data?.length ?? 0) + attributeBytes(event);
    const limit = this.#options.eventBytesMax;
    if (bytes <= limit) return { topic, event, ttlMs: remainingAgeMs(event, { ttlMs, wall: this.#options.wall }) };
    throw new RefusedError(
      "EVENT_TOO_LARGE",
      `Cannot accept event: it has ${bytes} bytes, more than limits.eventBytes ${limit}; ` +
        "send a reference to the data (extension dataref) or raise the limit",
      { limit },
    );
  }

  #validTopic(event: CloudEvent, explicit: string | undefined): string {
    const bytesMax = this.#options.topicBytesMax;
    try {
      return explicit === undefined ? routingKey(event, { bytesMax }) : parseTopic(explicit, { bytesMax });
    } catch (error) {
      if (!(error instanceof InvalidTopicError)) throw error;
      throw new RefusedError("INVALID_TOPIC", error.message, { attribute: "topic" }, error);
    }
  }
}

function attributeBytes({ attributes }: CloudEvent): number {
  let bytes = 0;
  for (const name in attributes) bytes += name.length + String(attributes[name]).length;
  return bytes;
}

/** Runs `step` so that a refusal says which event of the batch it is about. */
function atIndex<T>(index: number, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new RefusedError(error.code, error.message, { ...error.fields, index }, error);
  }
}
