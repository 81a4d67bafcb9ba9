/** Runs that follow one another, as one: what waits long is kept as few of them, however many there were. */

import { continues, earlier, positionAt, type Run, sequenceAt } from "./shipment.ts";

/** In their order; neighbours that continue one another, and that `fits` allows, become one. */
export function joinRuns<R extends Run>(runs: readonly R[], fits: (run: R, next: R) => boolean = () => true): R[] {
  const joined: R[] = [];
  for (let from = 0; from < runs.length;) {
    let to = from + 1;
    while (to < runs.length && follows(runs[to - 1], runs[to]) && fits(runs[to - 1], runs[to])) to++;
    joined.push(to === from + 1 ? runs[from] : join(runs.slice(from, to)));
    from = to;
  }
  return joined;
}

function follows(run: Run, next: Run): boolean {
  // What has ended is in no log any more: its positions say nothing.
  if (run.ended === undefined && next.position <= positionAt(run, run.count - 1)) return false;
  return continues(run, next, sequenceAt(run, run.count - 1));
}

function join<R extends Run>(runs: readonly R[]): R {
  const [first] = runs;
  const sequences = listUnlessConsecutive(runs, sequenceAt);
  return {
    ...first,
    count: runs.reduce((sum, { count }) => sum + count, 0),
    positions: first.ended === undefined ? listUnlessConsecutive(runs, positionAt) : undefined,
    sequences,
    bytes: runs.reduce((sum, { bytes }) => sum + bytes, 0),
    endsAt: runs.reduce((endsAt: number | undefined, run) => earlier(endsAt, run.endsAt), undefined),
  };
}

function listUnlessConsecutive(runs: readonly Run[], at: (run: Run, index: number) => number): number[] | undefined {
  const list = runs.flatMap((run) => Array.from({ length: run.count }, (_, index) => at(run, index)));
  return list.every((number, i) => number === list[0] + i) ? undefined : list;
}
