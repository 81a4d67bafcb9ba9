/** Mistakes that somebody could make with events that are not in custody. */

import type { SeededMutant } from "./mutant.ts";

export const BEST_EFFORT_MUTANTS: readonly SeededMutant[] = [
  {
    name: "take a frame without custody as often as it comes",
    why: "A network that repeats would have events passed on, and delivered, twice.",
    file: "federation/best_effort/inflow.ts",
    from: "if (!seen.take(frame.linkEpoch, frame.sequence)) return this.#repeat(frame);",
    to: "seen.take(frame.linkEpoch, frame.sequence);",
  },
  {
    name: "tell copies of an event without custody apart by its number",
    why: "What is repeated around a restart would be delivered twice: no coverage knows it.",
    file: "federation/best_effort/inflow.ts",
    from: "new AnyCopy(group, event)",
    to: "new ArrivedEvent(group, event)",
  },
  {
    name: "send without custody whatever is under way",
    why: "Events in custody would wait behind all of it on a narrow link.",
    file: "federation/best_effort/outflow.ts",
    from: "if (link.bufferedBytes > BUFFERED_BYTES_MAX || this.#window.room(at) === 0) return",
    to: "if (link.bufferedBytes > BUFFERED_BYTES_MAX) return",
  },
];
