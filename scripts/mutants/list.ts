/**
 * Mutants that were thought of: each breaks a rule that the mesh stands on, and a test must catch every one. Where the
 * source changes, `from` changes with it; a test keeps the list whole.
 */

import { BEST_EFFORT_MUTANTS } from "./best_effort_mutants.ts";
import { CUSTODY_MUTANTS } from "./custody_mutants.ts";
import { LEDGER_MUTANTS } from "./ledger_mutants.ts";
import { LINK_MUTANTS } from "./link_mutants.ts";
import type { SeededMutant } from "./mutant.ts";
import { ROUTING_MUTANTS } from "./routing_mutants.ts";
import { ORDER_MUTANTS } from "./order_mutants.ts";

export const SEEDED_MUTANTS: readonly SeededMutant[] = [
  ...CUSTODY_MUTANTS,
  ...LEDGER_MUTANTS,
  ...LINK_MUTANTS,
  ...ROUTING_MUTANTS,
  ...BEST_EFFORT_MUTANTS,
  ...ORDER_MUTANTS,
];
