/** Which frames of a neighbour came already: a network may repeat and reorder what is sent once. */

/** Frames that overtake each other by more than this count as repeats. */
const WINDOW = 1024;

export class SeenFrames {
  readonly #recent = new Float64Array(WINDOW);
  #linkEpoch = 0;
  #highest = 0;
  /** Bytes that came since the neighbour was last told how far it got, and when that was. */
  untoldBytes = 0;
  toldAt = 0;

  get linkEpoch(): number {
    return this.#linkEpoch;
  }

  /** The highest sequence of the link epoch that came. */
  get highest(): number {
    return this.#highest;
  }

  /** Notes a frame; answers whether it came for the first time. One of an earlier link epoch, or too late, never does. */
  take(linkEpoch: number, sequence: number): boolean {
    if (linkEpoch < this.#linkEpoch) return false;
    if (linkEpoch > this.#linkEpoch) this.#begin(linkEpoch);
    if (sequence <= this.#highest - WINDOW || this.#recent[sequence % WINDOW] === sequence) return false;
    this.#recent[sequence % WINDOW] = sequence;
    this.#highest = Math.max(this.#highest, sequence);
    return true;
  }

  #begin(linkEpoch: number): void {
    this.#linkEpoch = linkEpoch;
    this.#highest = 0;
    this.#recent.fill(0);
  }
}
