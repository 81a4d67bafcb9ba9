/** What is looked at once a second, whether or not anything has happened. */

import { GROUP_FAILOVER_MS } from "./custody/repicks.ts";
import type { Federation } from "./federation.ts";

export function lookEachSecond(federation: Federation): void {
  const { custody, upkeep, recovery, trace, groups, witnesses, accounts, repicks, dialling } = federation;
  custody.tick();
  upkeep.tick();
  recovery.tick();
  trace.tick();
  groups.look();
  witnesses.look();
  accounts.closeEpochs();
  repicks.move(custody.unreached(GROUP_FAILOVER_MS));
  dialling.tick();
}
