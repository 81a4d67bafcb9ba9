/**
 * Frames that were acknowledged by a peer that may still lose them: it acknowledges before it syncs. They are kept for a while,
 * and custody moves only then (design, "regret window").
 */

import type { Shipment } from "../custody/shipment.ts";
import { isAfter, type LanePlace, NOWHERE, type SealedFrame } from "./sealed_frame.ts";

/** At most this much of a lane. */
const BYTES_MAX = 256 * 1024 * 1024;

export class RegretWindow {
  readonly #onOver: (shipments: readonly Shipment[]) => void;
  #frames: SealedFrame[] = [];
  #bytes = 0;
  /** The last frame that is no longer kept. */
  #released: LanePlace = NOWHERE;
  /** How long a frame is kept; 0: not at all. */
  keepMs = 0;

  /** `onOver`: the next hop has these in its custody for good. */
  constructor(onOver: (shipments: readonly Shipment[]) => void) {
    this.#onOver = onOver;
  }

  /** The last frame that was acknowledged. */
  get last(): LanePlace {
    return this.#frames.at(-1) ?? this.#released;
  }

  /** Whether everything after a place is still kept. */
  reaches(place: LanePlace): boolean {
    return !isAfter(this.#released, place);
  }

  *shipments(): Generator<Shipment> {
    for (const { shipments } of this.#frames) yield* shipments;
  }

  /** In the order in which they are acknowledged. */
  add(frame: SealedFrame, now: number): void {
    if (this.keepMs === 0) return this.#letGo(frame);
    frame.ackedAt = now;
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
    this.trim(now);
  }

  /** Takes out what a peer at a place does not have. */
  takeAfter(place: LanePlace): SealedFrame[] {
    const lost = this.#frames.filter((frame) => isAfter(frame, place));
    this.#frames = this.#frames.filter((frame) => !isAfter(frame, place));
    for (const { bytes } of lost) this.#bytes -= bytes.length;
    return lost;
  }

  /** Lets go of frames whose time is over; also to be called now and then while nothing is sent. */
  trim(now: number): void {
    while (this.#frames.length > 0) {
      const oldest = this.#frames[0];
      if (now - oldest.ackedAt < this.keepMs && this.#bytes <= BYTES_MAX) break;
      this.#frames.shift();
      this.#bytes -= oldest.bytes.length;
      this.#letGo(oldest);
    }
  }

  #letGo({ linkEpoch, sequence, shipments }: SealedFrame): void {
    this.#released = { linkEpoch, sequence };
    this.#onOver(shipments);
  }
}
