/** Own events leave once it is known what others want: as soon as a neighbour has told all that it knows, or after a while. */

import type { Departures } from "./custody/departures.ts";
import type { Neighbour } from "./link/neighbour.ts";
import { SYNC_WAIT_MS } from "./options.ts";
import type { RecordDatabase } from "./routing/records/mod.ts";
import type { World } from "./world.ts";

export interface ReleaseGateParts {
  readonly world: World;
  readonly departures: Pick<Departures, "held" | "release">;
  readonly records: Pick<RecordDatabase, "synced">;
  readonly neighbours: () => ReadonlyMap<string, Pick<Neighbour, "up" | "peer">>;
  /** Events leave although nobody has told what is wanted. */
  readonly onNotSynced: (detail: string) => void;
}

export class ReleaseGate {
  readonly #parts: ReleaseGateParts;
  #cancel: (() => void) | undefined;

  constructor(parts: ReleaseGateParts) {
    this.#parts = parts;
  }

  /** `open`: enough is known already, or somebody is known whom it is worth to wait for. */
  start({ open }: { open: boolean }): void {
    const { world, departures, onNotSynced } = this.#parts;
    if (open) return departures.release();
    this.#cancel = world.after(SYNC_WAIT_MS, () => {
      if (!departures.held) return;
      onNotSynced(
        `nobody has told what is wanted elsewhere for ${SYNC_WAIT_MS} ms; events leave for those that are known: see whether ` +
          "`weft links` shows a link, and why not",
      );
      departures.release();
    });
  }

  /** Something was told, or time has passed. */
  look(): void {
    const { departures, records, neighbours } = this.#parts;
    if (!departures.held) return;
    if ([...neighbours().values()].some(({ up, peer }) => up && records.synced(peer))) departures.release();
  }

  stop(): void {
    this.#cancel?.();
  }
}
