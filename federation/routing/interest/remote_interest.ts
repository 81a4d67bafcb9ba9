/** What other clusters want, and which of them want an event. */

import { type CloudEvent, Matcher } from "../../../node/mod.ts";
import { INTEREST_BYTES_MAX, INTEREST_ENTRIES_MAX } from "../../options.ts";
import { SmallMap } from "../../small_map.ts";
import { type ToldWant, wantText } from "./told_want.ts";
import { TopicCache } from "./topic_cache.ts";
import { filterStops } from "./travelling_filter.ts";
import { arrangeTargets, collectWanted, type Target, type Wanted } from "./wanted.ts";

/** A want whose pattern fits a topic. */
export interface ExplainedWant {
  readonly cluster: string;
  readonly want: ToldWant;
  /** What of the filter stops the event; `undefined` when it is wanted. */
  readonly stoppedBy: string | undefined;
}

/** A pattern that leads to a cluster. */
export interface WantedPattern {
  readonly pattern: string;
  /** Since when, on the caller's clock. */
  readonly since: number;
}

/**
 * While a cluster spreads its wants over other shards than before, each may be told twice; a cluster that tells more than
 * that is taken to want everything. Bounds what a peer can make us hold.
 */
const ENTRIES_MAX = 2 * INTEREST_ENTRIES_MAX;
const CHARACTERS_MAX = 2 * INTEREST_BYTES_MAX;

interface Shard {
  /** By text: what did not change stays as it is. */
  readonly targets: SmallMap<string, Target>;
  readonly characters: number;
}

interface Teller {
  readonly shards: SmallMap<number, Shard>;
  /** Version with which what counts of it changed last. */
  changedAt: number;
  /** It could not be reached for so long that its live wants do not count. */
  durableOnly: boolean;
}

/** A topic's targets; `wanted`: the whole answer, where nothing has to be asked of the event. */
interface Found {
  readonly targets: readonly Target[];
  readonly wanted: readonly Wanted[] | undefined;
}

const NOBODY: readonly Wanted[] = [];
const NOTHING_FOUND: Found = { targets: [], wanted: NOBODY };

/** Answers depend on nothing but what was told: clusters come sorted by name, groups by key. */
export class RemoteInterest {
  readonly #matcher = new Matcher<Target>();
  readonly #tellers = new Map<string, Teller>();
  #tellersVersion = 0;
  readonly #found = new TopicCache<Found>();
  readonly #matched: Target[] = [];
  #version = 0;

  /** Wants of all clusters that count now. */
  get size(): number {
    return this.#matcher.size;
  }

  /** Grows with each change of what counts. */
  get version(): number {
    return this.#version;
  }

  /** Replaces a shard of a cluster's wants; no wants: the shard is gone. `now`: since when what is new in it is wanted. */
  set(cluster: string, shard: number, wants: readonly ToldWant[], now = 0): void {
    const teller: Teller = this.#tellers.get(cluster) ?? { shards: new SmallMap(), changedAt: 0, durableOnly: false };
    const before = teller.shards.get(shard)?.targets ?? new SmallMap<string, Target>();
    teller.shards.delete(shard);
    const after = toShard(cluster, this.#bounded(teller, wants), { before, now });
    for (const text of before.keys()) if (!after.targets.has(text)) this.#remove(teller, before.get(text)!);
    for (const text of after.targets.keys()) if (!before.has(text)) this.#add(teller, after.targets.get(text)!);
    if (after.targets.size > 0) teller.shards.set(shard, after);
    const tellers = this.#tellers.size;
    if (teller.shards.size > 0) this.#tellers.set(cluster, teller);
    else this.#tellers.delete(cluster);
    if (this.#tellers.size !== tellers) this.#tellersVersion++;
  }

  /** Forgets a cluster. */
  clear(cluster: string): void {
    for (const shard of [...this.#tellers.get(cluster)?.shards.keys() ?? []]) this.set(cluster, shard, []);
  }

  /**
   * The cluster could not be reached for so long that its streams are taken for gone: only its durable wants count, until
   * `restore()`.
   */
  dropLive(cluster: string): void {
    const teller = this.#tellers.get(cluster);
    if (teller === undefined || teller.durableOnly) return;
    teller.durableOnly = true;
    for (const target of liveOf(teller)) this.#remove(teller, target);
  }

  /** The cluster can be reached: all that it told counts, without its telling it again. */
  restore(cluster: string): void {
    const teller = this.#tellers.get(cluster);
    if (teller === undefined || !teller.durableOnly) return;
    teller.durableOnly = false;
    for (const target of liveOf(teller)) this.#add(teller, target);
  }

  /**
   * Who wants an event of a topic: one for each cluster, appended to `into` if given. `event` is called at most once, and
   * only if a filter has to be asked.
   */
  match(topic: string, event: () => CloudEvent, into?: Wanted[]): readonly Wanted[] {
    const { targets, wanted } = this.#found.get(topic) ?? this.#find(topic);
    if (wanted === undefined) {
      const answer = into ?? [];
      collectWanted(targets, event, answer);
      return answer;
    }
    if (into === undefined) return wanted;
    for (let i = 0; i < wanted.length; i++) into.push(wanted[i]);
    return into;
  }

  /** Every want that fits the topic, by cluster and pattern, and what of its filter stops the event. */
  explain(topic: string, event: CloudEvent): ExplainedWant[] {
    return this.#matcher.match(topic).sort(byText).map(({ cluster, want }) => {
      return { cluster, want, stoppedBy: want.filter && filterStops(want.filter, event) };
    });
  }

  /** What counts of what a cluster told, by pattern. */
  wantsOf(cluster: string): readonly ToldWant[] {
    return this.#countingOf(cluster).toSorted(byText).map(({ want }) => want);
  }

  /** Every want of a group that counts, in no order. */
  *grouped(): Generator<{ readonly cluster: string; readonly want: ToldWant }> {
    for (const cluster of this.#tellers.keys()) {
      for (const target of this.#countingOf(cluster)) if (target.want.group !== undefined) yield target;
    }
  }

  /** Grows when a cluster tells something for the first time, or nothing any more. */
  get tellersVersion(): number {
    return this.#tellersVersion;
  }

  /** Clusters that told something, by name. */
  clusters(): readonly string[] {
    return [...this.#tellers.keys()].sort();
  }

  /** The version with which what counts of a cluster changed last; 0: nothing does. */
  versionOf(cluster: string): number {
    return this.#tellers.get(cluster)?.changedAt ?? 0;
  }

  /** Each pattern that a cluster wants, in order, and since when. */
  patternsOf(cluster: string): readonly WantedPattern[] {
    const patterns = new Map<string, number>();
    for (const { want: { pattern }, since } of this.#countingOf(cluster)) {
      patterns.set(pattern, Math.min(since, patterns.get(pattern) ?? since));
    }
    return [...patterns].sort(([a], [b]) => a < b ? -1 : 1).map(([pattern, since]) => ({ pattern, since }));
  }

  #countingOf(cluster: string): readonly Target[] {
    const teller = this.#tellers.get(cluster);
    if (teller === undefined) return [];
    return targetsOf(teller).filter(({ want }) => want.durable || !teller.durableOnly);
  }

  #find(topic: string): Found {
    const matched = this.#matched;
    matched.length = 0;
    this.#matcher.match(topic, matched);
    const found = matched.length === 0 ? NOTHING_FOUND : toFound(matched);
    this.#found.set(topic, found);
    return found;
  }

  #bounded({ shards }: Teller, wants: readonly ToldWant[]): readonly ToldWant[] {
    let entries = wants.length;
    let characters = 0;
    for (const shard of shards.values()) {
      entries += shard.targets.size;
      characters += shard.characters;
    }
    for (const want of wants) characters += wantText(want).length;
    if (entries <= ENTRIES_MAX && characters <= CHARACTERS_MAX) return wants;
    return [{ pattern: ">", durable: wants.some(({ durable }) => durable), collapsed: wants.length }];
  }

  #add(teller: Teller, target: Target): void {
    if (teller.durableOnly && !target.want.durable) return;
    this.#matcher.add(target.want.pattern, target);
    teller.changedAt = ++this.#version;
    this.#found.clear();
  }

  #remove(teller: Teller, target: Target): void {
    if (!this.#matcher.remove(target.want.pattern, target)) return;
    teller.changedAt = ++this.#version;
    this.#found.clear();
  }
}

function toShard(
  cluster: string,
  wants: readonly ToldWant[],
  { before, now }: { before: SmallMap<string, Target>; now: number },
): Shard {
  const targets = new SmallMap<string, Target>();
  let characters = 0;
  for (const want of wants) {
    const text = wantText(want);
    if (targets.has(text)) continue;
    targets.set(text, before.get(text) ?? { cluster, want, since: now });
    characters += text.length;
  }
  return { targets, characters };
}

function toFound(matched: readonly Target[]): Found {
  const targets = arrangeTargets(matched);
  if (targets.some(({ want }) => want.filter !== undefined)) return { targets, wanted: undefined };
  const wanted: Wanted[] = [];
  collectWanted(targets, nobodyAsks, wanted);
  return { targets, wanted };
}

function nobodyAsks(): never {
  throw new TypeError("Cannot ask for the event: no want has a filter");
}

function targetsOf({ shards }: Teller): Target[] {
  return [...shards.values()].flatMap(({ targets }) => [...targets.values()]);
}

function liveOf(teller: Teller): Target[] {
  return targetsOf(teller).filter(({ want }) => !want.durable);
}

function byText(a: Target, b: Target): number {
  if (a.cluster !== b.cluster) return a.cluster < b.cluster ? -1 : 1;
  if (a.want.pattern !== b.want.pattern) return a.want.pattern < b.want.pattern ? -1 : 1;
  return wantText(a.want) < wantText(b.want) ? -1 : 1;
}
