/** What this node's subscribers want of the whole mesh: what peers are told. */

import { createHash } from "node:crypto";

import type { Clock } from "./clock.ts";
import type { InterestDefinition } from "./subscriptions/interest.ts";
import { isSystemPattern } from "./system_topics.ts";

/** One thing wanted. */
export interface LocalWant {
  /** A pattern; never one of `weft-system.>`: trouble stays at home. */
  readonly pattern: string;
  readonly source?: string;
  readonly types?: readonly string[];
  readonly filters?: readonly Readonly<Record<string, unknown>>[];
  /** Competing consumers. */
  readonly group?: string;
  /** What tells a group from another of its name: name, `:`, a hash of what its members want. The same at any node. */
  readonly groupKey?: string;
  /** A subscription is behind it, which outlives its subscriber; else a stream. */
  readonly durable: boolean;
}

/** How long what a stream wanted is wanted after its end, so that it may resume. */
export const LINGER_MS = 5 * 60_000;

/** Ended streams whose wants linger, at most; the oldest goes first. Bounds what clients cause that come and go. */
const LINGERING_MAX = 10_000;

/** Wants with equal definitions are one. */
interface Shared {
  want: LocalWant;
  owners: number;
  durableOwners: number;
}

interface Owned {
  readonly want: LocalWant;
  readonly identity: string;
}

export class LocalWants {
  readonly #clock: Clock;
  readonly #owned = new Map<unknown, Owned>();
  readonly #shared = new Map<string, Shared>();
  readonly #lingering = new Map<string, () => void>(); // by identity: cancels the end
  readonly #listeners = new Set<() => void>();
  #list: readonly LocalWant[] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Equal wants are listed once; durable if one of them is. The same array until something changes. */
  list(): readonly LocalWant[] {
    return this.#list ??= Array.from(this.#shared.values(), ({ want }) => want);
  }

  /** Calls `listener` after each change of `list()`; the answer ends it. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What an owner wants from now on, instead of what it wanted before; `undefined`: nothing. */
  set(owner: unknown, want: LocalWant | undefined): void {
    const before = this.#owned.get(owner);
    const after = want === undefined || isSystemPattern(want.pattern)
      ? undefined
      : { want, identity: identityOf(want) };
    if (before?.identity === after?.identity && before?.want.durable === after?.want.durable) return;
    const touched = [before?.identity, after?.identity].filter((identity) => identity !== undefined);
    const told = touched.map((identity) => this.#shared.get(identity)?.want.durable);
    if (after === undefined) this.#owned.delete(owner);
    else {
      this.#owned.set(owner, after);
      this.#count(after, 1);
    }
    if (before !== undefined) this.#count(before, -1);
    if (touched.some((identity, i) => this.#shared.get(identity)?.want.durable !== told[i])) this.#changed();
  }

  /** The owner has ended, and may come back: what it wanted is wanted a while longer. */
  letLinger(owner: unknown): void {
    const owned = this.#owned.get(owner);
    if (owned === undefined) return;
    const { identity } = owned;
    this.#lingering.get(identity)?.();
    this.#lingering.delete(identity); // else it would keep its place among the oldest
    this.set(lingererOf(identity), owned.want);
    this.set(owner, undefined);
    this.#lingering.set(identity, this.#clock.after(LINGER_MS, () => this.#endLinger(identity)));
    if (this.#lingering.size > LINGERING_MAX) this.#endLinger(this.#lingering.keys().next().value!);
  }

  close(): void {
    for (const cancel of this.#lingering.values()) cancel();
    this.#lingering.clear();
    this.#listeners.clear();
  }

  #endLinger(identity: string): void {
    this.#lingering.get(identity)?.();
    this.#lingering.delete(identity);
    this.set(lingererOf(identity), undefined);
  }

  #count({ want, identity }: Owned, change: 1 | -1): void {
    let shared = this.#shared.get(identity);
    if (shared === undefined) this.#shared.set(identity, shared = { want, owners: 0, durableOwners: 0 });
    shared.owners += change;
    if (want.durable) shared.durableOwners += change;
    const durable = shared.durableOwners > 0;
    if (shared.want.durable !== durable) shared.want = { ...shared.want, durable };
    if (shared.owners === 0) this.#shared.delete(identity);
  }

  #changed(): void {
    this.#list = undefined;
    for (const listener of this.#listeners) listener();
  }
}

/** The identity of a group's definition: equal wherever a group of that name wants the same events. */
export function groupKeyOf(name: string, definition: InterestDefinition): string {
  return `${name}:${createHash("sha256").update(textOf(definition)).digest("hex").slice(0, 16)}`;
}

function identityOf(want: LocalWant): string {
  return JSON.stringify([want.group ?? null, textOf({ ...want, topic: want.pattern })]);
}

function lingererOf(identity: string): string {
  return `lingering ${identity}`;
}

/** The same text for definitions that want the same, whatever the order in which they were written down. */
function textOf({ topic, source, types, filters }: InterestDefinition): string {
  return JSON.stringify(
    [topic, source ?? null, types === undefined ? null : [...types].sort(), filters ?? []],
    ordered,
  );
}

function ordered(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}
