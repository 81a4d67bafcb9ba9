/** Everything that a next hop has yet to take: what waits, what is under way, and what a neighbour may still lose. */

import type { Neighbour } from "../link/neighbour.ts";
import type { Custody } from "./custody.ts";
import type { Departures } from "./departures.ts";
import type { Run } from "./shipment.ts";

export interface LinksWithFrames {
  readonly neighbours: ReadonlyMap<string, Pick<Neighbour, "senders">>;
}

export interface OwedRunsParts {
  readonly custody: Pick<Custody, "waiting">;
  readonly departures: Pick<Departures, "committing">;
  readonly links: LinksWithFrames;
}

export function* owedRuns({ custody, departures, links }: OwedRunsParts): Generator<Run> {
  yield* departures.committing;
  yield* custody.waiting();
  yield* inFlightRuns(links);
  for (const { senders } of links.neighbours.values()) for (const sender of senders.values()) yield* sender.kept();
}

/** What was sent and is not acknowledged. */
export function* inFlightRuns({ neighbours }: LinksWithFrames): Generator<Run> {
  for (const { senders } of neighbours.values()) for (const sender of senders.values()) yield* sender.inFlight();
}
