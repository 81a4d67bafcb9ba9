/** Mistakes that somebody could make with the order of events over changes of the way. */

import type { SeededMutant } from "./mutant.ts";

export const ORDER_MUTANTS: readonly SeededMutant[] = [
  {
    name: "let what has lost its place say how far the order is",
    why: "After a commit that failed, what is late before it would be handed out after its successors.",
    file: "node/delivery/hold_back.ts",
    from: "if (order.hasPlace(next)) {",
    to: "if (order !== undefined) {",
  },
  {
    name: "see no gap in what came from an origin",
    why: "After a reroute an ordered subscription would get what came over the new way first.",
    file: "federation/ledger/origin_order.ts",
    from: "      if (reached < sequence - 1) {\n",
    to: "      if (reached < 0) {\n",
  },
  {
    name: "ask for no word on older epochs",
    why: "What an origin published before it restarted may still be under way.",
    file: "federation/ledger/origin_order.ts",
    from: "return epoch > openFrom ? { origin, epoch, from: 0, to: 0 } : undefined;",
    to: "return undefined;",
  },
  {
    name: "never ask an origin again what has ended",
    why: "What ended without a word would keep an ordered subscription waiting for ever.",
    file: "federation/ledger/origin_order.ts",
    from: "        ask(origin, wait.epoch);\n",
    to: "",
  },
  {
    name: "say that older epochs are over before it is known",
    why: "An origin that has just restarted does not know yet what it owes.",
    file: "federation/ledger/accounts.ts",
    from: "return this.#parts.mayForget() ? this.books.openFrom(destination) : 0;",
    to: "return this.books.openFrom(destination);",
  },
  {
    name: "say that older epochs are over while something of them is open",
    why: "A destination would hand out what is newer before it.",
    file: "federation/ledger/books.ts",
    from: "if (book.epoch < oldest && book.epoch !== SUM_EPOCH && !book.settled) oldest = book.epoch;",
    to: "if (book.epoch < 0) oldest = book.epoch;",
  },
  {
    name: "have an ordered subscription wait for events without custody",
    why: "Nothing ever covers them: it would wait for ever.",
    file: "federation/ledger/origin_order.ts",
    from: "    return coverages.cameInCustody(origin, epoch, sequence);\n",
    to: "    return true;\n",
  },
  {
    name: "do not look for late events further behind in the log",
    why: "The gap is over, and what was waited for stands where the subscription has not read yet.",
    file: "node/delivery/late_arrivals.ts",
    from: "return this.#index.between(origin, after, before);",
    to: "return undefined;",
  },
  {
    name: "give events that were picked for anew a place among the others",
    why: "Whatever is younger than such a one and was held up would count as handed out.",
    file: "node/delivery/delivery_order.ts",
    from: "return !isOwn && this.#options.arrivals?.order.hasPlace(stored) ? this.#holdBack : undefined;",
    to: "return isOwn ? undefined : this.#holdBack;",
  },
  {
    name: "forget after a restart which events are held back",
    why: "They would be delivered before what they wait for.",
    file: "node/delivery/delivery_order.ts",
    from: "    holdBack.keep(entry, stored);\n",
    to: "    this.#enterLane(entry);\n",
  },
];
