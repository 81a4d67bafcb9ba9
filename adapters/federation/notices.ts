/** What federation has to say, as log lines and as events of the node's own. */

import type { FederationNotice } from "../../federation/mod.ts";
import type { WeftNode } from "../../node/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

export function tellNotice(notice: FederationNotice, { log }: { node: WeftNode; log: Logger }): void {
  const { code, detail, peer, level } = notice;
  log[level]("{code}: {detail}", { code, detail, peer });
}
