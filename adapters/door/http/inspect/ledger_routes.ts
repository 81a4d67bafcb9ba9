/** `GET /v1/ledger`: what became of every event, per destination and per subscription. */

import { type Context, Hono } from "hono";

import {
  bestEffortLedger,
  type Federation,
  ledgerEntries,
  NO_BEST_EFFORT,
  recountLedger,
} from "../../../../federation/mod.ts";
import { ledgerOfSubscriptions } from "../../../../node/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { provenance, type Query, readChoice, toPage } from "../request/mod.ts";

export function ledgerRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.get("/v1/ledger", (c) => ledger(context, c));
  return app;
}

type Entries = ReturnType<typeof ledgerEntries>;

/** The second ledger is whole on every page: nobody has more subscriptions of a node than fit. */
async function ledger(context: DoorContext, c: Context<DoorEnv>): Promise<Response> {
  const query: Query = (name) => c.req.query(name);
  const recount = (readChoice(query, "recount", ["", "true", "false"]) ?? "false") !== "false";
  const all = await entriesOf(context, recount);
  const { entries, next } = toPage(all, ({ destination }) => destination, query);
  const balanced = all.every((entry) => entry.balanced);
  const subscriptions = await ledgerOfSubscriptions(context.node, { recount });
  const { federation } = context;
  const bestEffort = federation === undefined ? NO_BEST_EFFORT : bestEffortLedger(federation);
  return c.json({ entries, subscriptions, bestEffort, balanced, recounted: recount, next, ...provenance(context) });
}

function entriesOf({ federation }: DoorContext, recount: boolean): Promise<Entries> {
  if (federation === undefined) return Promise.resolve([]);
  return recount ? recounted(federation) : Promise.resolve(ledgerEntries(federation));
}

function recounted(federation: Federation): Promise<Entries> {
  return new Promise((resolve, reject) =>
    recountLedger(federation, (error, entries) => error === undefined ? resolve([...entries]) : reject(error))
  );
}
