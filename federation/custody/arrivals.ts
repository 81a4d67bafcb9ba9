/** Works out what the frames of one commit mean here: what is stored, for whom, what goes on, and what is covered by it. */

import {
  type AppendEntry,
  type Audience,
  type CloudEvent,
  decodeRecord,
  isSystemTopic,
  recordTopic,
  recordTtlMs,
  recordWithTtl,
} from "../../node/mod.ts";
import type { Frame, FrameDestination, FrameEvent, FrameGroup } from "../link/codec/mod.ts";
import type { Arrival, Verdict } from "../local_cluster.ts";
import type { Coverage, Coverages } from "./coverage.ts";
import { acceptedEpoch } from "./epochs.ts";
import { earlier, endOf, type Run } from "./shipment.ts";

export interface SettledArrivals {
  readonly entries: readonly AppendEntry[];
  /** Positions count from 0, the position of the first entry. */
  readonly runs: readonly Run[];
  /** Coverage as it is once the commit is durable; until then that in memory stays as it was. */
  readonly coverages: readonly Coverage[];
  readonly counts: {
    readonly delivered: number;
    readonly repeats: number;
    readonly rejected: number;
    readonly expired: number;
  };
}

/** An event of a group, with its part for this cluster. */
interface Item {
  readonly group: FrameGroup;
  readonly frame: Frame;
  readonly index: number;
  /** Index into the candidates; −1 when there is nothing to judge. */
  readonly candidate: number;
}

const IN_TRANSIT: Audience = { ungrouped: false, groups: [] };

export class Arrivals {
  readonly #self: string;
  readonly #coverages: Coverages;
  readonly #hasMember: (group: string) => boolean;
  readonly #age: number;
  readonly #items: Item[] = [];
  readonly #staged = new Map<Coverage, StagedCoverage>();
  #verdicts: readonly Verdict[] = [];
  #settled: SettledArrivals | undefined;
  readonly candidates: ArrivedEvent[] = [];
  /** Epochs that their origin had closed and of which it sends again: it was restored, and has to be told anew. */
  readonly closed = new Map<string, { readonly origin: string; readonly epoch: number }>();
  readonly #seen = new Set<string>();

  /** `age`: what the store's ageing clock says. */
  constructor(
    self: string,
    coverages: Coverages,
    { hasMember = () => true, age = 0 }: { hasMember?: (group: string) => boolean; age?: number } = {},
  ) {
    this.#self = self;
    this.#hasMember = hasMember;
    this.#age = age;
    this.#coverages = coverages;
  }

  add(frame: Frame): void {
    for (const group of frame.groups) {
      const own = this.#own(group);
      for (let index = 0; index < group.events.length; index++) {
        this.#items.push({ group, frame, index, candidate: own === undefined ? -1 : this.#candidate(group, index) });
      }
    }
  }

  /** The answer of the publish window to `candidates`. */
  judged(verdicts: readonly Verdict[]): void {
    this.#verdicts = verdicts;
  }

  /** Idempotent. */
  settle(): SettledArrivals {
    return this.#settled ??= this.#settle();
  }

  /** It is durable: coverage in memory is what the store has. Before, a receipt would tell what may still be lost. */
  apply(): Coverage[] {
    return [...this.#staged].map(([coverage, { covers }]) => {
      for (const cover of covers) coverage.cover(...cover);
      return coverage;
    });
  }

  #candidate(group: FrameGroup, index: number): number {
    const event = group.events[index];
    if (group.ended !== undefined || this.#isCovered(group, event.sequence)) return -1;
    const key = `${group.origin}/${group.epoch}/${event.sequence}`;
    if (this.#seen.has(key)) return -1; // twice in this commit
    this.#seen.add(key);
    return this.candidates.push(new ArrivedEvent(group, event)) - 1;
  }

  #settle(): SettledArrivals {
    const entries: AppendEntry[] = [];
    const runs: Run[] = [];
    const counts = { delivered: 0, repeats: 0, rejected: 0, expired: 0 };
    for (const item of this.#items) {
      const { group, index } = item;
      const event = group.events[index];
      const own = this.#own(group);
      const audience = own === undefined ? undefined : this.#receive(item, own, counts);
      const rest = group.destinations.length - (own === undefined ? 0 : 1);
      if (audience === undefined && rest === 0) continue;
      const position = entries.length;
      if (group.ended === undefined) entries.push(toEntry(item, audience ?? IN_TRANSIT));
      if (rest > 0) this.#forward(runs, item, position, event);
    }
    return { entries, runs, coverages: [...this.#staged.values()].map(({ copy }) => copy), counts };
  }

  /** Covers an event that is for this cluster; answers its audience, or nothing when it is not to be delivered. */
  #receive(
    item: Item,
    own: FrameDestination,
    counts: Record<keyof SettledArrivals["counts"], number>,
  ): Audience | undefined {
    const { group, index, candidate, frame } = item;
    const { sequence, record } = group.events[index];
    if (this.#coverages.isClosed(group.origin, group.epoch)) {
      this.closed.set(`${group.origin}/${group.epoch}`, group);
      counts.repeats++;
      return undefined;
    }
    const coverage = this.#touch(group.origin, group.epoch);
    const previous = index === 0 ? own.previous : group.events[index - 1].sequence;
    if (group.ended !== undefined) {
      if (coverage.has(sequence)) return undefined;
      counts.expired++;
      coverage.cover(previous, sequence, { state: group.ended, reason: group.ended.toUpperCase() });
      return undefined;
    }
    if (candidate < 0 || coverage.has(sequence)) {
      counts.repeats++;
      coverage.cover(previous, sequence);
      return undefined;
    }
    if (isSystemTopic(recordTopic(record))) {
      counts.rejected++;
      coverage.cover(previous, sequence, { state: "rejected", reason: "TOPIC_RESERVED" });
      return undefined;
    }
    if (this.#verdicts[candidate] === "repeat") {
      counts.rejected++;
      coverage.cover(previous, sequence, { state: "rejected", reason: "DUPLICATE_ID" });
      return undefined;
    }
    if (isOver(record, frame.heldMs)) {
      counts.expired++;
      coverage.cover(previous, sequence, { state: "expired", reason: "EXPIRED" });
      return undefined;
    }
    return this.#deliver(own, { coverage, previous, sequence, counts });
  }

  /** To the readers that are here; a group whose last member has gone is told back, and the origin picks another cluster. */
  #deliver(
    { ungrouped, groups }: FrameDestination,
    { coverage, previous, sequence, counts }: {
      coverage: StagedCoverage;
      previous: number;
      sequence: number;
      counts: Record<keyof SettledArrivals["counts"], number>;
    },
  ): Audience | undefined {
    const gone = groups.filter((group) => !this.#hasMember(group));
    const there = gone.length === 0 ? groups : groups.filter((group) => !gone.includes(group));
    const state = ungrouped || there.length > 0 ? "delivered" : "rejected";
    counts[state]++;
    coverage.cover(previous, sequence, gone.length === 0 ? undefined : { state, reason: "NO_MEMBER", groups: gone });
    return state === "delivered" ? { ungrouped, groups: there } : undefined;
  }

  #isCovered({ origin, epoch }: FrameGroup, sequence: number): boolean {
    return this.#coverages.isClosed(origin, epoch) || this.#coverages.find(origin, epoch)?.has(sequence) === true;
  }

  #touch(origin: string, epoch: number): StagedCoverage {
    const coverage = this.#coverages.of(origin, epoch);
    let staged = this.#staged.get(coverage);
    if (staged === undefined) this.#staged.set(coverage, staged = new StagedCoverage(coverage));
    return staged;
  }

  #forward(runs: Run[], { group, index, frame }: Item, position: number, { sequence, record }: FrameEvent): void {
    const last = runs.at(-1) as (Run & { group?: FrameGroup }) | undefined;
    const ttlMs = group.ended === undefined ? recordTtlMs(record) : 0;
    const endsAt = endOf({ ttlMs: ttlMs > 0 ? Math.max(1, ttlMs - frame.heldMs) : ttlMs, acceptedAge: this.#age });
    if (last?.group === group && last.position + last.count === position && group.ended === undefined) {
      (last as { count: number }).count++;
      (last.sequences as number[]).push(sequence);
      (last as { bytes: number }).bytes += record.length;
      (last as { endsAt?: number }).endsAt = earlier(last.endsAt, endsAt);
      return;
    }
    const run: Run & { group: FrameGroup } = {
      group,
      position,
      count: 1,
      origin: group.origin,
      epoch: group.epoch,
      firstSequence: sequence,
      sequences: [sequence],
      bytes: record.length,
      lane: frame.lane,
      destinations: group.destinations.filter(({ cluster }) => cluster !== this.#self).map((destination) =>
        index === 0 ? destination : { ...destination, previous: group.events[index - 1].sequence }
      ),
      hops: group.hops,
      detours: group.detours,
      ended: group.ended,
      endsAt,
    };
    runs.push(run);
  }

  #own(group: FrameGroup): FrameDestination | undefined {
    return group.destinations.find(({ cluster }) => cluster === this.#self);
  }
}

/** What a commit adds to a coverage. */
class StagedCoverage {
  readonly copy: Coverage;
  readonly covers: Parameters<Coverage["cover"]>[] = [];

  constructor(coverage: Coverage) {
    this.copy = coverage.clone();
  }

  has(sequence: number): boolean {
    return this.copy.has(sequence);
  }

  cover(...cover: Parameters<Coverage["cover"]>): void {
    this.copy.cover(...cover);
    this.covers.push(cover);
  }
}

/** An event that arrived, decoded only if somebody asks for it. */
export class ArrivedEvent implements Arrival {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly record: Uint8Array;
  #event: CloudEvent | undefined;

  constructor(group: FrameGroup, { sequence, record }: FrameEvent) {
    this.origin = group.origin;
    this.epoch = acceptedEpoch(group.epoch);
    this.sequence = sequence;
    this.record = record;
  }

  get event(): CloudEvent {
    return this.#event ??= decodeRecord(this.record).event;
  }
}

function isOver(record: Uint8Array, heldMs: number): boolean {
  const ttlMs = recordTtlMs(record);
  return ttlMs !== 0 && ttlMs <= heldMs;
}

/** The entry copies the record; topic and event are decoded when a local reader asks. */
class RecordEntry implements AppendEntry {
  readonly origin: NonNullable<AppendEntry["origin"]>;
  readonly audience: Audience;
  readonly record: Uint8Array;
  #decoded: AppendEntry | undefined;

  constructor(item: Item, audience: Audience) {
    const { group, index, frame } = item;
    const { sequence, record } = group.events[index];
    this.origin = { cluster: group.origin, epoch: acceptedEpoch(group.epoch), sequence };
    this.audience = audience;
    const ttlMs = recordTtlMs(record);
    this.record = ttlMs > 0 && frame.heldMs > 0 ? recordWithTtl(record, Math.max(1, ttlMs - frame.heldMs)) : record;
  }

  get topic(): string {
    return this.#all.topic;
  }

  get event(): CloudEvent {
    return this.#all.event;
  }

  get ttlMs(): number {
    return recordTtlMs(this.record);
  }

  get #all(): AppendEntry {
    return this.#decoded ??= decodeRecord(this.record);
  }
}

function toEntry(item: Item, audience: Audience): AppendEntry {
  return new RecordEntry(item, audience);
}
