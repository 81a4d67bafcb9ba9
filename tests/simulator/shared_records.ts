/** Records of the mesh, held once for all clusters of a run that know the same. */

import type { SealedRecord } from "../../federation/mod.ts";
import { isSameBytes } from "./same_bytes.ts";

/** Far more than a run has at a time; what was forgotten is held by those that know it, and shared no more. */
const RECORDS_MAX = 65_536;

export class SharedRecords {
  readonly #known = new Map<number, SealedRecord>();

  /** The record that others have already, if it is the same byte for byte. */
  readonly share = (sealed: SealedRecord): SealedRecord => {
    const known = this.#known.get(sealed.hash.low);
    if (known !== undefined && isSameBytes(known.bytes, sealed.bytes)) return known;
    if (this.#known.size >= RECORDS_MAX) this.#known.clear();
    this.#known.set(sealed.hash.low, sealed);
    return sealed;
  };
}
