/** A bar that shows how far long work is; only where a person watches. */

import type { CommandContext } from "./command.ts";
import { paintFor } from "./paint.ts";

/** Faster than this nobody sees, and each picture costs a write. */
const REDRAW_MS = 80;
const BAR_COLUMNS = 30;

export interface Progress extends Disposable {
  update(done: number, total: number): void;
}

/** The bar is gone again when it is disposed of. `toText` says the amounts: `1.2 GiB of 3 GiB`. */
export function createProgress(
  { terminal: { chat }, quiet }: CommandContext,
  title: string,
  toText: (amount: number) => string,
): Progress {
  if (!chat.isTerminal || quiet) return { update: () => undefined, [Symbol.dispose]: () => undefined };
  const paint = paintFor(chat);
  let drawnAt = -Infinity;
  return {
    update: (done, total) => {
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS && done < total) return;
      drawnAt = now;
      const share = total > 0 ? Math.min(1, done / total) : 1;
      const full = Math.round(share * BAR_COLUMNS);
      const bar = paint.cyan("█".repeat(full)) + paint.dim("░".repeat(BAR_COLUMNS - full));
      const percent = `${Math.floor(share * 100)}%`.padStart(4);
      void chat.write(`\r\x1b[2K${title} ${bar}${percent}  ${toText(done)} of ${toText(total)}`);
    },
    [Symbol.dispose]: () => void chat.write("\r\x1b[2K"),
  };
}
