/** Which retention rule holds for a topic, and how many events of each a block has. */

import type { RetentionRule } from "../../../node/event_store.ts";
import { recordTopic } from "../../../node/event_record.ts";
import { BlockHead } from "../../../node/block_head.ts";
import { patternMatches } from "../../../node/topic.ts";

/** Events and bytes of one rule. `rule` is its place in the list, or `NO_RULE`. */
export interface Tally {
  readonly rule: number;
  events: number;
  bytes: number;
}

/** Stands for topics that no rule fits: kept until the cap. */
export const NO_RULE = 0xffffffff;

/** Topics whose rule is remembered; beyond, all are forgotten and learnt anew. */
const TOPICS_MAX = 10_000;

/** Judges topics by the first rule whose pattern fits. */
export class RuleTally {
  readonly #rules: readonly RetentionRule[];
  readonly #known = new Map<string, number>();
  readonly #constant: number | undefined;

  constructor(rules: readonly RetentionRule[]) {
    this.#rules = rules;
    this.#constant = rules.length === 0 ? NO_RULE : rules[0].pattern === ">" ? 0 : undefined;
  }

  ruleOf(topic: string): number {
    if (this.#constant !== undefined) return this.#constant;
    let rule = this.#known.get(topic);
    if (rule !== undefined) return rule;
    rule = this.#rules.findIndex(({ pattern }) => patternMatches(pattern, topic)) >>> 0; // −1 becomes NO_RULE
    if (this.#known.size >= TOPICS_MAX) this.#known.clear();
    this.#known.set(topic, rule);
    return rule;
  }

  /** Counts the events of a block. */
  count(head: Uint8Array, body: Uint8Array, events: number): Tally[] {
    if (this.#constant !== undefined) return [{ rule: this.#constant, events, bytes: body.length }];
    const index = new BlockHead(head);
    const tallies: Tally[] = [];
    for (let i = 0; i < index.count; i++) {
      const record = body.subarray(index.offsetAt(i), index.offsetAt(i + 1));
      addTo(tallies, { rule: this.ruleOf(recordTopic(record)), events: 1, bytes: record.length });
    }
    return tallies;
  }
}

export function addTo(tallies: Tally[], more: Tally): void {
  const tally = tallies.find(({ rule }) => rule === more.rule);
  if (tally === undefined) tallies.push({ ...more });
  else {
    tally.events += more.events;
    tally.bytes += more.bytes;
  }
}

export function encodeTallies(tallies: readonly Tally[]): Uint8Array {
  const numbers = new Uint32Array(tallies.length * 3);
  tallies.forEach(({ rule, events, bytes }, i) => numbers.set([rule, events, bytes], i * 3));
  return new Uint8Array(numbers.buffer);
}

export function decodeTallies(bytes: Uint8Array): Tally[] {
  const numbers = new Uint32Array(bytes.slice().buffer);
  const tallies: Tally[] = [];
  for (let i = 0; i < numbers.length; i += 3) {
    tallies.push({ rule: numbers[i], events: numbers[i + 1], bytes: numbers[i + 2] });
  }
  return tallies;
}
