/** A JetStream stream that takes frames, as the tests claim it behaves; `tests/e2e/virtual_broker_test.ts` compares it with a real one. */

import type { FrameAnswer } from "../../federation/link/publish_ack.ts";

export interface StreamedFrame {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export class VirtualStream {
  readonly #bytesMax: number;
  #frames: StreamedFrame[] = [];
  /** Sequence of the last frame that it ever took. */
  last = 0;

  constructor(bytesMax = Infinity) {
    this.#bytesMax = bytesMax;
  }

  /** Frames that are not released. */
  get frames(): readonly StreamedFrame[] {
    return this.#frames;
  }

  publish(payload: Uint8Array, expectedLastSequence?: number): FrameAnswer {
    if (expectedLastSequence !== undefined && expectedLastSequence !== this.last) {
      return { type: "wrongSequence", last: this.last, linkEpoch: undefined };
    }
    const held = this.#frames.reduce((sum, frame) => sum + frame.payload.length, 0);
    if (held + payload.length > this.#bytesMax) return { type: "full", detail: "maximum bytes exceeded" };
    this.#frames.push({ sequence: ++this.last, payload });
    return { type: "accepted", sequence: this.last, alone: true };
  }

  /** Lets go of frames up to `sequence`. */
  release(sequence: number): void {
    this.#frames = this.#frames.filter((frame) => frame.sequence > sequence);
  }
}
