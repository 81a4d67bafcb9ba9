/**
 * What a data directory that went back has lost of this cluster's events on their way: it is found, and sent again from the
 * log here, or ends as evicted. And the answers to others that look for theirs.
 */

import { Census, CENSUS_KIND } from "./custody/census.ts";
import { CensusAnswers } from "./custody/census_answers.ts";
import { LostCustody } from "./custody/lost_custody.ts";
import { owedRuns } from "./custody/owed_runs.ts";
import { Resend, type Resent } from "./custody/resend.ts";
import type { Federation } from "./federation.ts";
import { knownClusters } from "./inspect/clusters.ts";
import { HOLD_MS } from "./options.ts";
import type { FederationNotice } from "./parts.ts";

export interface RecoveryParts {
  readonly onNotice: (notice: Omit<FederationNotice, "level">) => void;
  readonly onError: (error: unknown) => void;
}

export class Recovery {
  readonly #lost: LostCustody;
  /** Events that were sent again, and events that ended, once for each destination. */
  readonly counts = { sent: 0, evicted: 0 };

  constructor(federation: Federation, { onNotice, onError }: RecoveryParts) {
    const { world, self, log, documents, custody, relay, accounts, topology, upkeep } = federation;
    const { books, coverages, receipts } = accounts;
    const owed = () => owedRuns(federation);
    const answers = new CensusAnswers({ world, self, owed, coverages, receipts });
    custody.watch((shipment) => answers.noteHeld(shipment));
    relay.handle(CENSUS_KIND, (from, body, answer) => {
      const found = answers.answer(from, body);
      if (found !== undefined) answer(found);
    });
    const resend = new Resend({
      self,
      log,
      documents,
      custody,
      end: (shipment, ended, reason) => upkeep.end(shipment, ended, reason),
      onError,
    });
    this.#lost = new LostCustody({
      world,
      books,
      census: new Census(relay),
      holders: () => holdersIn(federation),
      wayTo: (cluster) => topology.table.routeTo(cluster)?.path ?? [],
      onLost: (book, numbers, done) =>
        resend.run(book, numbers, (resent) => {
          this.counts.sent += resent.sent;
          this.counts.evicted += resent.evicted;
          books.touch(book);
          accounts.save();
          if (resent.sent + resent.evicted > 0) onNotice(toNotice(book.destination, resent));
          done();
        }),
    });
  }

  /** To be called about once a second. */
  tick(): void {
    this.#lost.look();
  }
}

/** Whoever may have a copy; `undefined` while one of them cannot be reached. */
function holdersIn(federation: Federation): string[] | undefined {
  const { self, topology, presence, options } = federation;
  const reachable = new Set<string>([self, ...topology.table.reachable()]);
  const known = [...knownClusters(federation), ...presence.lost(options.holdMs ?? HOLD_MS)];
  return known.every((cluster) => reachable.has(cluster)) ? [...reachable] : undefined;
}

function toNotice(cluster: string, { sent, evicted }: Resent): Omit<FederationNotice, "level"> {
  const detail = `${sent + evicted} events for "${cluster}" had left, and no cluster has them: ` +
    `a data directory on their way went back to an older state; ${sent} are sent again` +
    (evicted === 0 ? "" : `, ${evicted} are in no log any more and end as evicted`);
  return { code: "CUSTODY_LOST", detail, peer: cluster };
}
