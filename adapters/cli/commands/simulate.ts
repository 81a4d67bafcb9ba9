/** `weft simulate`: what the routes would be without a link; nothing is cut. */

import type { CommandContext } from "../command.ts";
import { UsageError } from "../exit_codes.ts";
import { createNodeApi } from "../node_api.ts";
import { printJson, printTable, say } from "../output.ts";
import type { Column } from "../table.ts";

interface Way {
  readonly path: readonly string[];
  readonly cost: number | null;
  readonly state: string;
}

interface Route extends Way {
  readonly pattern: string;
  readonly destination: string;
  /** Those that go another way. */
  readonly lanes?: readonly (Way & { readonly lane: string })[];
}

interface Change {
  readonly pattern: string;
  readonly destination: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly costBefore: number | null;
  readonly costAfter: number | null;
  readonly state: string;
  /** Left out where it is the same for all. */
  readonly lanes?: readonly string[];
}

const LANES = ["normal", "high", "bulk"];

const columns: readonly Column<Change>[] = [
  { title: "PATTERN", cell: ({ pattern }) => pattern },
  { title: "DESTINATION", cell: ({ destination }) => destination },
  { title: "PATH NOW", cell: ({ before }) => before.join(" > ") || null },
  { title: "COST", cell: ({ costBefore }) => costBefore, align: "right" },
  { title: "PATH THEN", cell: ({ after }) => after.join(" > ") || null },
  { title: "COST", cell: ({ costAfter }) => costAfter, align: "right" },
  { title: "STATE", cell: ({ state }) => state },
  { title: "LANES", cell: ({ lanes }) => lanes?.join(" ") ?? "all" },
];

/** JSON: `{"cut","changes":[{"pattern","destination","before":[…],"after":[…],"costBefore","costAfter","state"}],"unchanged"}`; with `lanes` where not all of them do the same. */
export async function simulate(context: CommandContext): Promise<void> {
  const cut = context.args.text("cut");
  if (cut === undefined) {
    throw new UsageError(
      'Cannot run "weft simulate": say which link is to be thought away, --cut paris-oslo',
      "simulate",
    );
  }
  const api = createNodeApi(context);
  const read = async (query: Record<string, string | undefined>): Promise<readonly Route[]> => {
    const routes: Route[] = [];
    let next: string | null = null;
    do {
      const page = { after: next ?? undefined, limit: 1000 };
      const { body } = await api.request("GET", "/routes", { query: { ...query, ...page } });
      routes.push(...body.routes);
      next = body.next;
    } while (next !== null);
    return routes;
  };
  const then = await read({ cut });
  const now = new Map((await read({})).map((route) => [keyOf(route), route]));
  const found = then.map((route) => changesOf(now.get(keyOf(route)), route));
  const changes = found.flat();
  const unchanged = found.filter(({ length }) => length === 0).length;
  if (context.json) return await printJson(context, { cut, changes, unchanged });
  await printTable(context, changes, { columns, empty: `no route crosses ${cut}: nothing would change` });
  if (changes.length > 0) await say(context, `${unchanged} other routes would stay as they are`);
}

/** One for all lanes that do the same. */
function changesOf(before: Route | undefined, after: Route): Change[] {
  if (before === undefined) return [];
  const byWays = Map.groupBy(LANES, (lane) => `${wayOf(before, lane).path} | ${wayOf(after, lane).path}`);
  return [...byWays.values()].flatMap((lanes) => {
    const [then, now] = [wayOf(after, lanes[0]), wayOf(before, lanes[0])];
    if (then.path.join() === now.path.join()) return [];
    const { pattern, destination } = after;
    const ways = { before: now.path, after: then.path, costBefore: now.cost, costAfter: then.cost, state: then.state };
    return [{ pattern, destination, ...ways, ...lanes.length < LANES.length && { lanes } }];
  });
}

function wayOf(route: Route, lane: string): Way {
  return route.lanes?.find((way) => way.lane === lane) ?? route;
}

function keyOf({ pattern, destination }: Route): string {
  return `${pattern} ${destination}`;
}
