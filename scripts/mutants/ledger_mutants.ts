/** Mutants of the books and of receipts. */

import type { SeededMutant } from "./mutant.ts";

export const LEDGER_MUTANTS: readonly SeededMutant[] = [
  {
    name: "tell of coverage that is not synced",
    why: "A store that acknowledges before it syncs may lose it, and the origin, that has heard of it, has let go.",
    file: "federation/ledger/synced_coverages.ts",
    from: "copies?.get(coverage) ?? coverage",
    to: "coverage",
  },
  {
    name: "count what was rejected as delivered",
    why: "The ledger would tell the operator of deliveries that never were (G6).",
    file: "federation/ledger/books.ts",
    from: "this.#end(book, [sequence - 1, sequence], state, reason);",
    to: ";",
  },
  {
    name: "end an event twice",
    why: "The equation of the ledger would not hold.",
    file: "federation/ledger/book.ts",
    from: "      this.outstanding.remove(from, until);\n",
    to: "",
  },
  {
    name: "take half a receipt",
    why: "What was not delivered may stand in the other half.",
    file: "federation/ledger/receipt_assembly.ts",
    from: "    if (--assembly.missing > 0) return undefined;\n",
    to: "    assembly.missing--;\n",
  },
  {
    name: "settle a document at its first destination",
    why: "The others would not be served after a restart.",
    file: "federation/ledger/document_shelf.ts",
    from: "      if (open.size === 0) settled.push(document);\n",
    to: "      settled.push(document);\n",
  },
  {
    name: "acknowledge a receipt before the books are durable",
    why: "The destination would not say it again, and the origin would not know it after a crash.",
    file: "federation/ledger/accounts.ts",
    from: "    this.#parts.whenDurable(() => this.#answer(from, { epoch, version, low, closed, openFrom }));\n",
    to: "    this.#answer(from, { epoch, version, low, closed, openFrom });\n",
  },
  {
    name: "tell that an epoch is over before the books are durable",
    why: "The destination forgets what it has of the epoch; after a crash the origin would send it once more.",
    file: "federation/ledger/accounts.ts",
    from: "    this.#parts.whenDurable(() => {\n",
    to: "    [0].forEach(() => {\n",
  },
  {
    name: "tell a receipt once",
    why: "A receipt that is lost would leave the origin waiting for ever.",
    file: "federation/ledger/receipts.ts",
    from: "    if (next !== Infinity) this.#schedule(Math.max(COALESCE_MS, next - now));\n",
    to: "",
  },
  {
    name: "do not count what moved to another cluster",
    why:
      "An event of a group would stay open for the cluster that was not reached, or end there although a copy had come.",
    file: "federation/custody/upkeep.ts",
    from: "    this.#parts.books.presume(shipment, ended, reason);",
    to: '    if (ended !== "rejected") this.#parts.books.presume(shipment, ended, reason);',
  },
];
