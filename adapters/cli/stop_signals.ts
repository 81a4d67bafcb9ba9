/** Signals that ask a command to stop. */

import process from "node:process";

/** Under `npx` or a launcher, one Ctrl-C may come twice: as the terminal sends it and as it is passed on. */
const SAME_REQUEST_MS = 500;

/** `first` once; `again` at a signal that comes more than half a second after the first one. */
export function onStopSignals(
  signals: readonly NodeJS.Signals[],
  { first, again }: { readonly first: () => void; readonly again: () => void },
): void {
  let requestedAt: number | undefined;
  const onSignal = () => {
    if (requestedAt === undefined) {
      requestedAt = performance.now();
      first();
    } else if (performance.now() - requestedAt > SAME_REQUEST_MS) again();
  };
  for (const signal of signals) process.on(signal, onSignal);
}
