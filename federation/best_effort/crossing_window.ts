/**
 * How much may be under way on a link without an answer, so that what is in custody never waits behind much of it. The
 * neighbour's HELLO says how far it got, and by that how fast the link is.
 */

interface Crossing {
  readonly sequence: number;
  readonly bytes: number;
  readonly at: number;
}

/** What a link takes at once, after a silence: a slow one needs half a second for it. */
const BYTES_MIN = 512 * 1024;
const BYTES_MAX = 16 * 1024 * 1024;
/** Of what arrived in a round so much may follow: a link that keeps up doubles what it is given. */
const GROWTH = 2;
/** The window grows in the moment in which more has arrived, and shrinks at the end of a round only. */
const ROUND_MS = 250;
/** What was lost is never answered: after this it counts as gone. Longer than between two HELLOs on any sane link. */
const FORGET_MS = 5000;

export class CrossingWindow {
  #size = BYTES_MIN;
  #underWay = 0;
  #crossings: Crossing[] = [];
  /** What arrived in this round, and since when it is one. */
  #arrived = 0;
  #since = 0;

  /** Bytes that may be sent now; one frame more than this may be under way. */
  room(now: number): number {
    const kept = this.#crossings.findIndex(({ at }) => now - at < FORGET_MS);
    if (kept !== 0) this.#letGo(kept < 0 ? this.#crossings.length : kept);
    return Math.max(0, this.#size - this.#underWay);
  }

  get underWay(): number {
    return this.#underWay;
  }

  sent({ sequence, bytes, at }: Crossing): void {
    this.#crossings.push({ sequence, bytes, at });
    this.#underWay += bytes;
  }

  /** The neighbour said that it has got so far. */
  heard(sequence: number, now: number): void {
    const open = this.#crossings.findIndex((crossing) => crossing.sequence > sequence);
    this.#arrived += this.#letGo(open < 0 ? this.#crossings.length : open);
    const size = Math.min(BYTES_MAX, Math.max(BYTES_MIN, this.#arrived * GROWTH));
    if (now - this.#since < ROUND_MS) {
      this.#size = Math.max(this.#size, size);
      return;
    }
    this.#size = size;
    this.#arrived = 0;
    this.#since = now;
  }

  reset(): void {
    this.#letGo(this.#crossings.length);
    this.#size = BYTES_MIN;
    this.#arrived = 0;
  }

  #letGo(count: number): number {
    const bytes = this.#crossings.splice(0, count).reduce((sum, crossing) => sum + crossing.bytes, 0);
    this.#underWay -= bytes;
    return bytes;
  }
}
