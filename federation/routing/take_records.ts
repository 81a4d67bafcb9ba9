/** What the record database installs or lets go of, told to whoever lives by it. */

import type { ReadyBarriers } from "./ready_barriers.ts";
import type { InterestExchange } from "./interest_exchange.ts";
import type { MeshRecord } from "./records/mod.ts";
import type { Topology } from "./topology.ts";

interface RecordTakers {
  readonly self: string;
  readonly topology: Topology;
  readonly interest: InterestExchange;
  readonly barriers: ReadyBarriers;
}

export function takeInstalled(
  { self, topology, interest, barriers }: RecordTakers,
  records: readonly MeshRecord[],
): void {
  for (const record of records) {
    if (record.kind === "topology") topology.install(record);
    else {
      interest.install(record);
      if (record.origin !== self) barriers.echo(record.origin);
    }
  }
}

export function takePurged({ topology, interest }: RecordTakers, records: readonly MeshRecord[]): void {
  for (const record of records) {
    if (record.kind === "topology") topology.purge(record.origin);
    else interest.purge(record);
  }
}
