/** Time and dice for federation, as the machine has them. */

import type { World } from "../../federation/mod.ts";
import type { Clock } from "../../node/mod.ts";

const RANDOM_VALUES = 2 ** 32;

export function systemWorld(clock: Clock): World {
  const random = new Uint32Array(1);
  return {
    now: () => clock.now(),
    after: (delayMs, run) => clock.after(delayMs, run),
    randomInteger(bound) {
      // Values past the last whole multiple of the bound would favour the small ones.
      const usable = RANDOM_VALUES - RANDOM_VALUES % bound;
      do crypto.getRandomValues(random); while (random[0] >= usable);
      return random[0] % bound;
    },
  };
}
