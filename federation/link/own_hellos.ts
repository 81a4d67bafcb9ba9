/** What this side says to each neighbour in HELLO. As long as nothing of it changes, it is the same object. */

import type { Hello } from "./codec/mod.ts";
import { type SaidOfSelf, toHello } from "./to_hello.ts";

type Received = Hello["received"];

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

/** Whether two say the same. Members that are objects made anew, but for `received`, count as other ones. */
function isSame(a: Hello, b: Hello): boolean {
  const { received: left, ...ofA } = a;
  const { received: right, ...ofB } = b;
  return isSameShallow(ofA, ofB) && isSameReceived(left, right);
}

function isSameReceived(a: Received, b: Received): boolean {
  const lanes = Object.keys(b) as (keyof Received)[];
  return Object.keys(a).length === lanes.length && lanes.every((lane) => isSameShallow(a[lane], b[lane]));
}

function isSameShallow(a: object | undefined, b: object | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  const names = Object.keys(right);
  return Object.keys(left).length === names.length && names.every((name) => left[name] === right[name]);
}
