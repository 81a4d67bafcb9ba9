/** What the store must not let go of while this cluster has other clusters to serve. */

import type { NeededEvents } from "../../node/mod.ts";
import type { InterestExchange } from "../routing/interest_exchange.ts";
import type { World } from "../world.ts";
import type { Departures } from "./departures.ts";
import type { CustodyDocuments } from "./documents.ts";
import type { LogEnds } from "./owed_positions.ts";
import type { Run } from "./shipment.ts";

export interface NeededEventsParts {
  readonly world: Pick<World, "now">;
  readonly log: LogEnds;
  readonly documents: CustodyDocuments;
  readonly departures: Pick<Departures, "dispatched">;
  readonly interest: Pick<InterestExchange, "nobodyElsewhere">;
}

/** Events that are owed to somebody, not dispatched yet, or coming in at this moment. */
export function neededEvents(
  { world, log, documents, departures, interest }: NeededEventsParts,
  owed: () => Iterable<Run>,
): readonly NeededEvents[] {
  const dispatched = interest.nobodyElsewhere ? log.head : Math.min(departures.dispatched, log.head);
  const ranges = documents.owed.at(world.now(), log, owed);
  return [...ranges.map((range) => ({ pattern: ">", ...range }) as const), { pattern: ">", from: dispatched + 1 }];
}
