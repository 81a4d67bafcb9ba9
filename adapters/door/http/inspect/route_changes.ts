/** What came and went between two routing tables. Costs as much as has changed, however large they are. */

import { type RouteEntry, type Routes, type RouteTable, toEntry } from "./route_table.ts";

export interface RouteChange {
  readonly type: "added" | "removed";
  readonly route: RouteEntry;
}

/** Patterns compared at a time. */
const STEP_PATTERNS = 4096;

/** A route that goes another way now went, and came. `undefined`: a part of the work is done, and nothing is found. */
export function* routeChanges(before: RouteTable, after: RouteTable): Generator<RouteChange | undefined> {
  for (const destination of new Set([...before.routes.keys(), ...after.routes.keys()])) {
    const [then, now] = [before.routes.get(destination), after.routes.get(destination)];
    const isSameWay = then !== undefined && now !== undefined && wayText(then) === wayText(now);
    if (isSameWay) yield* comparePatterns(then, now, after.now);
    else {
      yield* allOf("removed", then, after.now);
      yield* allOf("added", now, after.now);
    }
  }
}

function* allOf(type: RouteChange["type"], routes: Routes | undefined, now: number): Generator<RouteChange> {
  for (const pattern of routes?.patterns ?? []) yield { type, route: toEntry(routes!.way, pattern, now) };
}

function* comparePatterns(then: Routes, { way, patterns }: Routes, now: number): Generator<RouteChange | undefined> {
  if (then.patterns === patterns) return;
  let [i, j] = [0, 0];
  for (let steps = 1; i < then.patterns.length || j < patterns.length; steps++) {
    const [old, young] = [then.patterns[i], patterns[j]];
    if (young === undefined || (old !== undefined && old.pattern < young.pattern)) {
      yield { type: "removed", route: toEntry(way, old, now) };
      i++;
    } else if (old === undefined || young.pattern < old.pattern) {
      yield { type: "added", route: toEntry(way, young, now) };
      j++;
    } else {
      i++;
      j++;
    }
    if (steps % STEP_PATTERNS === 0) yield undefined;
  }
}

function wayText({ way }: Routes): string {
  const ways = [way, ...way.lanes ?? []];
  return ways.map(({ state, path, cost, alternate }) => `${state} ${path.join(">")} ${cost} ${alternate}`).join();
}
