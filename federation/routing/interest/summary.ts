/** What a cluster tells of its wants: exact as long as it fits, else with sub-trees collapsed. Never less than is wanted. */

import type { Want } from "../../local_cluster.ts";

export interface Summary {
  readonly wants: readonly Want[];
  /** Wants that stand for others, with how many. */
  readonly collapsed: ReadonlyMap<string, number>;
}

export interface SummaryBudget {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

export function summarise(wants: readonly Want[], { entriesMax, bytesMax }: SummaryBudget): Summary {
  const grouped = wants.filter(({ group }) => group !== undefined);
  let rest = unique(wants.filter(({ group }) => group === undefined));
  const collapsed = new Map<string, number>();
  const fits = (): boolean => grouped.length + rest.length <= entriesMax && bytesOf([...grouped, ...rest]) <= bytesMax;
  for (let depth = deepest(rest); !fits() && depth > 1; depth--) rest = collapseBelow(rest, depth, collapsed);
  return { wants: [...grouped, ...rest], collapsed };
}

/** Patterns of at least `depth` tokens become `<first tokens>.>`. */
function collapseBelow(wants: readonly Want[], depth: number, collapsed: Map<string, number>): Want[] {
  const merged = new Map<string, Want>();
  for (const want of wants) {
    const tokens = want.pattern.split(".");
    const pattern = tokens.length < depth ? want.pattern : `${tokens.slice(0, depth - 1).join(".")}.>`;
    if (pattern !== want.pattern) {
      collapsed.set(pattern, (collapsed.get(pattern) ?? 0) + (collapsed.get(want.pattern) ?? 1));
      collapsed.delete(want.pattern);
    }
    const before = merged.get(pattern);
    const filter = pattern === want.pattern && before === undefined ? want.filter : undefined;
    merged.set(pattern, { pattern, filter, durable: want.durable || before?.durable === true });
  }
  return [...merged.values()];
}

function unique(wants: readonly Want[]): Want[] {
  const seen = new Map<string, Want>();
  for (const want of wants) {
    const key = JSON.stringify([want.pattern, want.filter]);
    const before = seen.get(key);
    if (before === undefined || (want.durable && !before.durable)) seen.set(key, want);
  }
  return [...seen.values()];
}

function deepest(wants: readonly Want[]): number {
  return wants.reduce((most, { pattern }) => Math.max(most, pattern.split(".").length), 0);
}

function bytesOf(wants: readonly Want[]): number {
  return wants.reduce((sum, want) => sum + JSON.stringify(want).length + 1, 0);
}
