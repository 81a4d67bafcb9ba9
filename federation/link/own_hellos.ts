/** What this side says to each neighbour in HELLO. As long as nothing of it changes, it is the same object. */

import type { Place } from "../custody/places.ts";
import { type Hello, LANES } from "./codec/mod.ts";
import { type SaidOfSelf, toHello } from "./to_hello.ts";

/** What may differ from one HELLO to the next. */
interface Said {
  readonly linkEpoch: number;
  readonly root: string;
  readonly congested: readonly string[];
  readonly reason: Hello["reason"];
  /** By lane, in the order of `LANES`; a place that moves is another object. */
  readonly places: readonly Place[];
}

export class OwnHellos {
  readonly #last = new Map<string, Said & { readonly hello: Hello }>();

  to(neighbour: { readonly peer: string; readonly linkEpoch: number }, self: SaidOfSelf): Hello {
    const { peer, linkEpoch } = neighbour;
    const { root, congested, reason } = self;
    const places = LANES.map((lane) => self.places.durable(peer, lane));
    const said: Said = { linkEpoch, root, congested, reason, places };
    const last = this.#last.get(peer);
    if (last !== undefined && isSame(last, said)) return last.hello;
    const hello = toHello(self, neighbour);
    this.#last.set(peer, { ...said, hello });
    return hello;
  }
}

function isSame(a: Said, b: Said): boolean {
  return a.linkEpoch === b.linkEpoch && a.root === b.root && a.congested === b.congested && a.reason === b.reason &&
    a.places.every((place, lane) => place === b.places[lane]);
}
