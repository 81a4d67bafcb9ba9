/** Works out what the frames of one commit mean here: what is stored, for whom, what goes on, and what is covered by it. */

import { type AppendEntry, type Audience, recordTtlMs } from "../../node/mod.ts";
import type { Frame, FrameDestination, FrameGroup } from "../link/codec/mod.ts";
import type { Verdict } from "../local_cluster.ts";
import { ArrivedEvent, isOver, isSystemRecord, RecordEntry } from "./arrived_event.ts";
import { IntervalSet } from "../intervals/mod.ts";
import type { Coverage, Coverages } from "./coverage.ts";
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

/** A group of a frame, with its part for this cluster. */
interface Arrived {
  readonly group: FrameGroup;
  readonly frame: Frame;
  readonly own: FrameDestination | undefined;
  /** Its groups that have a member here. */
  readonly heard: readonly string[];
  /** Of each event: index into the candidates, or why there is nothing to judge. Empty when nothing is for this cluster. */
  readonly candidates: readonly number[];
}

/**
 * What will not be delivered whatever the publish window says. The window is not asked of it: it would take the same event,
 * published elsewhere as well and in this commit too, for a repeat of something that never comes into the log.
 */
const REPEAT = -1;
const RESERVED = -2;
const OVER = -3;
const UNHEARD = -4;

type Counts = Record<keyof SettledArrivals["counts"], number>;

const NOT_JUDGED = { idHash: undefined };
const IN_TRANSIT: Audience = { ungrouped: false, groups: [] };

export class Arrivals {
  readonly #self: string;
  readonly #coverages: Coverages;
  readonly #hasMember: (group: string) => boolean;
  readonly #age: number;
  readonly #groups: Arrived[] = [];
  readonly #staged = new Map<Coverage, StagedCoverage>();
  #verdicts: readonly Verdict[] = [];
  #settled: SettledArrivals | undefined;
  readonly candidates: ArrivedEvent[] = [];
  /** Epochs that their origin had closed and of which it sends again: it was restored, and has to be told anew. */
  readonly closed = new Map<string, { readonly origin: string; readonly epoch: number }>();
  /** Numbers that the commit covers so far, by origin and epoch. */
  readonly #seen = new Map<string, IntervalSet>();

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
      const own = group.destinations.find(({ cluster }) => cluster === this.#self);
      const heard = own === undefined ? [] : this.#heardOf(own.groups);
      const candidates = own === undefined ? [] : this.#candidatesOf(group, { own, heard, heldMs: frame.heldMs });
      this.#groups.push({ group, frame, own, heard, candidates });
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

  #heardOf(groups: readonly string[]): readonly string[] {
    return groups.every(this.#hasMember) ? groups : groups.filter(this.#hasMember);
  }

  #candidatesOf(
    group: FrameGroup,
    { own, heard, heldMs }: { own: FrameDestination; heard: readonly string[]; heldMs: number },
  ): number[] {
    const { origin, epoch, events, ended } = group;
    const isHeard = own.ungrouped || heard.length > 0;
    const closedUpTo = this.#coverages.closedUpTo(origin, epoch) ?? 0;
    const covered = this.#coverages.find(origin, epoch);
    const key = `${origin}/${epoch}`;
    let seen = this.#seen.get(key);
    if (seen === undefined) this.#seen.set(key, seen = new IntervalSet());
    return events.map((event, index) => {
      const { sequence, record } = event;
      if (sequence <= closedUpTo) return REPEAT;
      // Here before, or twice in this commit.
      const isRepeat = covered?.has(sequence) || seen.has(sequence);
      seen.add(...coverOf(group, own, index));
      if (isRepeat || ended !== undefined) return REPEAT;
      if (isSystemRecord(record)) return RESERVED;
      if (isOver(record, heldMs)) return OVER;
      if (!isHeard) return UNHEARD;
      return this.candidates.push(new ArrivedEvent(group, event)) - 1;
    });
  }

  #settle(): SettledArrivals {
    const entries: AppendEntry[] = [];
    const runs: Run[] = [];
    const counts = { delivered: 0, repeats: 0, rejected: 0, expired: 0 };
    for (const arrived of this.#groups) {
      const { group, frame, own } = arrived;
      const rest = group.destinations.length - (own === undefined ? 0 : 1);
      const receiver = own === undefined ? undefined : this.#receiver(arrived, own, counts);
      for (let index = 0; index < group.events.length; index++) {
        const audience = receiver?.(index);
        if (audience === undefined && rest === 0) continue;
        const position = entries.length;
        if (group.ended === undefined) {
          const { idHash } = this.candidates[arrived.candidates[index]] ?? NOT_JUDGED;
          entries.push(new RecordEntry(group, index, { frame, audience: audience ?? IN_TRANSIT, idHash }));
        }
        if (rest > 0) this.#forward(runs, arrived, index, position);
      }
    }
    for (const staged of this.#staged.values()) staged.finish();
    return { entries, runs, coverages: [...this.#staged.values()].map(({ copy }) => copy), counts };
  }

  /**
   * Covers the events of a group that is for this cluster, one after the other; answers the audience of each, or nothing
   * when it is not to be delivered.
   */
  #receiver(
    { group, heard, candidates }: Arrived,
    own: FrameDestination,
    counts: Counts,
  ): (index: number) => Audience | undefined {
    const { origin, epoch, ended } = group;
    const closedUpTo = this.#coverages.closedUpTo(origin, epoch) ?? 0;
    if (group.events[0].sequence <= closedUpTo) this.closed.set(`${origin}/${epoch}`, group);
    if (group.events[group.events.length - 1].sequence <= closedUpTo) return () => void counts.repeats++;
    const coverage = this.#touch(origin, epoch);
    const deliver = this.#deliverer(own, heard, { coverage, counts });
    const refuse = (kind: "rejected" | "expired", cover: readonly [number, number], reason: string) => {
      counts[kind]++;
      coverage.cover(...cover, { state: kind, reason });
      return undefined;
    };
    return (index) => {
      const { sequence } = group.events[index];
      const cover = coverOf(group, own, index);
      if (sequence <= closedUpTo) return void counts.repeats++;
      if (ended !== undefined) {
        if (coverage.has(sequence)) return undefined;
        counts.expired++;
        coverage.cover(...cover, { state: ended, reason: ended.toUpperCase() });
        return undefined;
      }
      if (candidates[index] === REPEAT || coverage.has(sequence)) {
        counts.repeats++;
        coverage.cover(...cover);
        return undefined;
      }
      if (candidates[index] === RESERVED) return refuse("rejected", cover, "TOPIC_RESERVED");
      if (candidates[index] === OVER) return refuse("expired", cover, "EXPIRED");
      if (this.#verdicts[candidates[index]] === "repeat") return refuse("rejected", cover, "DUPLICATE_ID");
      return deliver(...cover);
    };
  }

  /** To the readers that are here; a group whose last member has gone is told back, and the origin picks another cluster. */
  #deliverer(
    { ungrouped, groups }: FrameDestination,
    heard: readonly string[],
    { coverage, counts }: { coverage: StagedCoverage; counts: Counts },
  ): (previous: number, sequence: number) => Audience | undefined {
    const gone = groups.filter((group) => !heard.includes(group));
    const state = ungrouped || heard.length > 0 ? "delivered" : "rejected";
    const exception = gone.length === 0 ? undefined : { state, reason: "NO_MEMBER", groups: gone } as const;
    const audience = state === "delivered" ? { ungrouped, groups: heard } : undefined;
    return (previous, sequence) => {
      counts[state]++;
      coverage.cover(previous, sequence, exception);
      return audience;
    };
  }

  #touch(origin: string, epoch: number): StagedCoverage {
    const coverage = this.#coverages.of(origin, epoch);
    let staged = this.#staged.get(coverage);
    if (staged === undefined) this.#staged.set(coverage, staged = new StagedCoverage(coverage));
    return staged;
  }

  #forward(runs: Run[], { group, frame }: Arrived, index: number, position: number): void {
    const { sequence, record } = group.events[index];
    const last = runs.at(-1) as (GrowingRun & { group?: FrameGroup }) | undefined;
    const ttlMs = group.ended === undefined ? recordTtlMs(record) : 0;
    const endsAt = endOf({ ttlMs: ttlMs > 0 ? Math.max(1, ttlMs - frame.heldMs) : ttlMs, acceptedAge: this.#age });
    if (last?.group === group && last.position + last.count === position && group.ended === undefined) {
      grow(last, sequence);
      last.bytes += record.length;
      last.endsAt = earlier(last.endsAt, endsAt);
      return;
    }
    const run: Run & { group: FrameGroup } = {
      group,
      position,
      count: 1,
      origin: group.origin,
      epoch: group.epoch,
      firstSequence: sequence,
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
}

/** What an event of a group covers of its origin's numbers: (from, to]. */
function coverOf({ events }: FrameGroup, { previous }: FrameDestination, index: number): [from: number, to: number] {
  return [index === 0 ? previous : events[index - 1].sequence, events[index].sequence];
}

/** A run that further events of its group join. */
interface GrowingRun extends Omit<Run, "count" | "bytes" | "endsAt" | "sequences"> {
  count: number;
  bytes: number;
  endsAt?: number;
  sequences?: number[];
}

/** Numbers are listed from the first one on that does not follow the one before it. */
function grow(run: GrowingRun, sequence: number): void {
  const { firstSequence, count } = run;
  if (run.sequences === undefined && sequence !== firstSequence + count) {
    run.sequences = Array.from({ length: count }, (_, i) => firstSequence + i);
  }
  run.sequences?.push(sequence);
  run.count++;
}

/** What a commit adds to a coverage. Links of one chain are put together before they are added. */
class StagedCoverage {
  readonly copy: Coverage;
  readonly covers: Parameters<Coverage["cover"]>[] = [];
  #previous = 0;
  /** 0: nothing is to be added. */
  #sequence = 0;

  constructor(coverage: Coverage) {
    this.copy = coverage.clone();
  }

  has(sequence: number): boolean {
    return (sequence > this.#previous && sequence <= this.#sequence) || this.copy.has(sequence);
  }

  cover(previous: number, sequence: number, exception?: Parameters<Coverage["cover"]>[2]): void {
    if (previous !== this.#sequence || sequence <= previous) {
      this.finish();
      this.#previous = Math.min(previous, sequence - 1);
    }
    this.#sequence = sequence;
    if (exception !== undefined) this.finish(exception);
  }

  /** Adds what was put together. */
  finish(exception?: Parameters<Coverage["cover"]>[2]): void {
    if (this.#sequence === 0) return;
    const cover: Parameters<Coverage["cover"]> = [this.#previous, this.#sequence, exception];
    this.copy.cover(...cover);
    this.covers.push(cover);
    this.#previous = this.#sequence = 0;
  }
}
