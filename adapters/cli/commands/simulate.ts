/** `weft simulate`: what the routes would be without a link; nothing is cut. */

import type { CommandContext } from "../command.ts";
import { UsageError } from "../exit_codes.ts";
import { createNodeApi } from "../node_api.ts";
import { printJson, printTable, say } from "../output.ts";
import type { Column } from "../table.ts";

interface Route {
  readonly pattern: string;
  readonly destination: string;
  readonly path: readonly string[];
  readonly cost: number | null;
  readonly state: string;
}

interface Change {
  readonly pattern: string;
  readonly destination: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly costBefore: number | null;
  readonly costAfter: number | null;
  readonly state: string;
}

const columns: readonly Column<Change>[] = [
  { title: "PATTERN", cell: ({ pattern }) => pattern },
  { title: "DESTINATION", cell: ({ destination }) => destination },
  { title: "PATH NOW", cell: ({ before }) => before.join(" > ") || null },
  { title: "COST", cell: ({ costBefore }) => costBefore, align: "right" },
  { title: "PATH THEN", cell: ({ after }) => after.join(" > ") || null },
  { title: "COST", cell: ({ costAfter }) => costAfter, align: "right" },
  { title: "STATE", cell: ({ state }) => state },
];

/** JSON: `{"cut","changes":[{"pattern","destination","before":[…],"after":[…],"costBefore","costAfter","state"}],"unchanged"}`. */
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
  const changes = then.flatMap((route) => {
    const before = now.get(keyOf(route));
    return before === undefined || before.path.join() === route.path.join() ? [] : [toChange(before, route)];
  });
  const unchanged = then.length - changes.length;
  if (context.json) return await printJson(context, { cut, changes, unchanged });
  await printTable(context, changes, { columns, empty: `no route crosses ${cut}: nothing would change` });
  if (changes.length > 0) await say(context, `${unchanged} other routes would stay as they are`);
}

function toChange({ path: before, cost: costBefore }: Route, after: Route): Change {
  const { pattern, destination, path, cost, state } = after;
  return { pattern, destination, before, after: path, costBefore, costAfter: cost, state };
}

function keyOf({ pattern, destination }: Route): string {
  return `${pattern} ${destination}`;
}
