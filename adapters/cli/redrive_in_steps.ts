/** Redrives many dead letters a page at a time, so that a person sees how far it is and Ctrl-C leaves no letter half done. */

import type { CommandContext } from "./command.ts";
import { toCountText } from "./humanize.ts";
import type { NodeApi } from "./node_api.ts";
import { createProgress } from "./progress.ts";

export interface RedriveTotals {
  readonly redriven: number;
  /** Letters whose subscription is gone: they stay. */
  readonly orphaned: number;
}

type Selection = Readonly<Record<string, string | undefined>>;

const PAGE = 200;

/** Those that fit `selection` when it begins; letters that come meanwhile are not among them. */
export async function redriveInSteps(
  context: CommandContext,
  api: NodeApi,
  selection: Selection,
): Promise<RedriveTotals> {
  const ids = await listIds(api, selection);
  using progress = createProgress(context, "redriving", toCountText);
  let totals: RedriveTotals = { redriven: 0, orphaned: 0 };
  for (let at = 0; at < ids.length; at += PAGE) {
    const { body } = await api.request("POST", "/v1/dead-letters/redrive", { body: { ids: ids.slice(at, at + PAGE) } });
    totals = { redriven: totals.redriven + body.redriven, orphaned: totals.orphaned + (body.orphaned ?? 0) };
    progress.update(Math.min(at + PAGE, ids.length), ids.length);
  }
  return totals;
}

async function listIds(api: NodeApi, selection: Selection): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  for (;;) {
    const query = { ...selection, after, limit: PAGE };
    const { body } = await api.request("GET", "/v1/dead-letters", { query });
    ids.push(...(body.deadLetters as { id: string }[]).map(({ id }) => id));
    if (body.next === null) return ids;
    after = body.next;
  }
}
