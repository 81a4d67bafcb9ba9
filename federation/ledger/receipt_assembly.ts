/** Puts the parts of receipts together: one is taken as a whole, for what was not delivered must be known before what was. */

import type { ReceiptPart } from "./receipt_message.ts";

/** Receipts under way at a time; one for each (destination, epoch). */
const ASSEMBLIES_MAX = 4096;

interface Assembly {
  readonly version: number;
  readonly parts: (ReceiptPart | undefined)[];
  missing: number;
}

export class ReceiptAssembly {
  readonly #assemblies = new Map<string, Assembly>();

  /** The whole receipt once its last part is here. */
  add(destination: string, part: ReceiptPart): Pick<ReceiptPart, "intervals" | "exceptions"> | undefined {
    if (part.parts === 1) return part;
    if (part.parts > 1024 || part.part >= part.parts) return undefined;
    const key = `${destination}/${part.epoch}`;
    let assembly = this.#assemblies.get(key);
    if (assembly === undefined || isAnother(assembly, part)) {
      if (assembly === undefined && this.#assemblies.size >= ASSEMBLIES_MAX) return undefined;
      assembly = { version: part.version, parts: new Array(part.parts), missing: part.parts };
      this.#assemblies.set(key, assembly);
    }
    if (assembly.version !== part.version || assembly.parts[part.part] !== undefined) return undefined;
    assembly.parts[part.part] = part;
    if (--assembly.missing > 0) return undefined;
    this.#assemblies.delete(key);
    return {
      intervals: assembly.parts.flatMap((each) => each!.intervals),
      exceptions: assembly.parts.flatMap((each) => each!.exceptions),
    };
  }
}

/** Parts come in order, so an older version begins only where its destination was restored; later parts of one are late. */
function isAnother({ version, parts }: Assembly, part: ReceiptPart): boolean {
  return part.version > version || parts.length !== part.parts || (part.version < version && part.part === 0);
}
