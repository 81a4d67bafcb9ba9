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

const START: Place = { linkEpoch: 0, sequence: 0, chain: CHAIN_START };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Places {
  readonly #durable = new Map<string, Place>();
  readonly #staged = new Map<string, Place>();

  durable(peer: string, lane: Lane): Place {
    return this.#durable.get(`${peer}/${lane}`) ?? START;
  }

  staged(peer: string, lane: Lane): Place {
    return this.#staged.get(`${peer}/${lane}`) ?? this.durable(peer, lane);
  }

  stage(peer: string, lane: Lane, place: Place): void {
    this.#staged.set(`${peer}/${lane}`, place);
  }

  settle(peer: string, lane: Lane, place: Place): void {
    this.#durable.set(`${peer}/${lane}`, place);
  }

  /** What was staged did not become durable. */
  unstage(): void {
    this.#staged.clear();
  }

  load(key: string, bytes: Uint8Array): void {
    const { linkEpoch, sequence, chain } = JSON.parse(decoder.decode(bytes));
    this.#durable.set(key.slice(PLACE_PREFIX.length + 1), { linkEpoch, sequence, chain: chainFromHex(chain) });
  }
}

/** The change that makes a place durable. */
export function placeChange(
  { peer, lane, linkEpoch, sequence, chain }: Place & { peer: string; lane: Lane },
): StateChange {
  const json = JSON.stringify({ linkEpoch, sequence, chain: chainToHex(chain) });
  return { key: `${PLACE_PREFIX}/${peer}/${lane}`, value: encoder.encode(json) };
}
