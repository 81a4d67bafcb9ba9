/** Where each lane of each neighbour stands: the last frame that is durable here, and the last that waits for the disk. */

import type { StateChange } from "../../node/mod.ts";
import { type Chain, CHAIN_START, chainFromHex, chainToHex, type Lane } from "../link/codec/mod.ts";

export interface Place {
  readonly linkEpoch: number;
  readonly sequence: number;
  /** Of this frame and all before it. */
  readonly chain: Chain;
}

export const PLACE_PREFIX = "federation/received";

type PlacesByPeer = Map<string, Map<string, Place>>;

const START: Place = { linkEpoch: 0, sequence: 0, chain: CHAIN_START };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Places {
  readonly #durable: PlacesByPeer = new Map();
  readonly #staged: PlacesByPeer = new Map();

  durable(peer: string, lane: Lane): Place {
    return this.#durable.get(peer)?.get(lane) ?? START;
  }

  staged(peer: string, lane: Lane): Place {
    return this.#staged.get(peer)?.get(lane) ?? this.durable(peer, lane);
  }

  stage(peer: string, lane: Lane, place: Place): void {
    setPlace(this.#staged, { peer, lane, place });
  }

  settle(peer: string, lane: Lane, place: Place): void {
    setPlace(this.#durable, { peer, lane, place });
  }

  /** What was staged did not become durable. */
  unstage(): void {
    this.#staged.clear();
  }

  load(key: string, bytes: Uint8Array): void {
    const { linkEpoch, sequence, chain } = JSON.parse(decoder.decode(bytes));
    const [peer, lane] = key.slice(PLACE_PREFIX.length + 1).split("/");
    setPlace(this.#durable, { peer, lane, place: { linkEpoch, sequence, chain: chainFromHex(chain) } });
  }
}

function setPlace(places: PlacesByPeer, { peer, lane, place }: { peer: string; lane: string; place: Place }): void {
  let lanes = places.get(peer);
  if (lanes === undefined) places.set(peer, lanes = new Map());
  lanes.set(lane, place);
}

/** The change that makes a place durable. */
export function placeChange(
  { peer, lane, linkEpoch, sequence, chain }: Place & { peer: string; lane: Lane },
): StateChange {
  const json = JSON.stringify({ linkEpoch, sequence, chain: chainToHex(chain) });
  return { key: `${PLACE_PREFIX}/${peer}/${lane}`, value: encoder.encode(json) };
}
