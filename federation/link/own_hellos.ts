/** What this side says to each neighbour in HELLO. As long as nothing of it changes, it is the same object. */

import type { Hello } from "./codec/mod.ts";
import { type SaidOfSelf, toHello } from "./to_hello.ts";

export class OwnHellos {
  readonly #last = new Map<string, Hello>();

  to(neighbour: { readonly peer: string; readonly linkEpoch: number }, self: SaidOfSelf): Hello {
    const hello = toHello(self, neighbour);
    const last = this.#last.get(neighbour.peer);
    if (last !== undefined && isSame(last, hello)) return last;
    this.#last.set(neighbour.peer, hello);
    return hello;
  }
}

/** Whether two values say the same: texts, numbers, and lists and objects of such. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [before, now] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  for (const name in before) if (!(name in now)) return false;
  for (const name in now) if (!isSame(before[name], now[name])) return false;
  return true;
}
