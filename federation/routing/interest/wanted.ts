/** From the wants that fit a topic to the clusters that want its event. */

import type { CloudEvent } from "../../../node/mod.ts";
import type { ToldWant } from "./told_want.ts";
import { passesFilter } from "./travelling_filter.ts";

export interface GroupWant {
  readonly name: string;
  /** What tells the group from another of its name. */
  readonly key: string;
}

/** A cluster that wants an event, and for whom. */
export interface Wanted {
  readonly cluster: string;
  /** It has subscribers that are in no group. */
  readonly ungrouped: boolean;
  /** Its groups that want the event, by key. */
  readonly groups: readonly GroupWant[];
}

/** A want and whose it is: what patterns lead to. */
export interface Target {
  readonly cluster: string;
  readonly want: ToldWant;
  /** Since when it is wanted, on the clock of whoever took it in. */
  readonly since: number;
}

const NO_GROUPS: readonly GroupWant[] = [];

/**
 * Brings targets into the order that `collectWanted()` takes: by cluster, those without group first, then by group; among
 * these what asks nothing of the event first. Leaves out what can change nothing.
 */
export function arrangeTargets(targets: readonly Target[]): readonly Target[] {
  let taker: Target | undefined; // the first of its kind: it asks nothing if one of them does not
  return targets.toSorted(compare).filter((target) => {
    if (taker !== undefined && isSameTaker(taker, target)) return taker.want.filter !== undefined;
    taker = target;
    return true;
  });
}

/** Appends one for each cluster, by name, to `into`. `event` is called only where a filter has to be asked, once. */
export function collectWanted(targets: readonly Target[], event: () => CloudEvent, into: Wanted[]): void {
  let decoded: CloudEvent | undefined;
  let at = 0;
  while (at < targets.length) {
    const { cluster } = targets[at];
    let ungrouped = false;
    let groups: GroupWant[] | undefined;
    for (; at < targets.length && targets[at].cluster === cluster; at++) {
      const { filter, group: name, groupKey: key } = targets[at].want;
      if (name === undefined ? ungrouped : groups?.at(-1)?.key === key) continue;
      if (filter !== undefined && !passesFilter(filter, decoded ??= event())) continue;
      if (name === undefined) ungrouped = true;
      else (groups ??= []).push({ name, key: key! });
    }
    if (ungrouped || groups !== undefined) into.push({ cluster, ungrouped, groups: groups ?? NO_GROUPS });
  }
}

function isSameTaker(a: Target, b: Target): boolean {
  return a.cluster === b.cluster && a.want.groupKey === b.want.groupKey;
}

function compare(a: Target, b: Target): number {
  return compareTexts(a.cluster, b.cluster) ||
    compareTexts(a.want.groupKey ?? "", b.want.groupKey ?? "") ||
    Number(a.want.filter !== undefined) - Number(b.want.filter !== undefined);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
