/** How many bytes may be under way: grows while answers are quick, halves when they fail to come (AIMD, RFC 5681 in spirit). */

const START_BYTES = 1024 * 1024;
export const WINDOW_BYTES_MIN = 256 * 1024;
export const WINDOW_BYTES_MAX = 16 * 1024 * 1024;
const GROWTH_BYTES = 256 * 1024;

export class SendWindow {
  #size = START_BYTES;
  #underWay = 0;
  #smoothedMs = 0;
  #deviationMs = 0;
  #timeouts = 0;
  /** What the receiver takes at once. Survives `reset()`. */
  limit = Infinity;

  /** Bytes that may be sent now; at most one frame more than this is under way. */
  get room(): number {
    return Math.max(0, Math.min(this.#size, this.limit) - this.#underWay);
  }

  reset(): void {
    this.#size = START_BYTES;
    this.#underWay = this.#timeouts = 0;
  }

  sent(bytes: number): void {
    this.#underWay += bytes;
  }

  acknowledged(bytes: number, tookMs: number): void {
    this.#underWay = Math.max(0, this.#underWay - bytes);
    this.#timeouts = 0;
    this.#measure(tookMs);
    if (this.#size < WINDOW_BYTES_MAX) this.#size = Math.min(WINDOW_BYTES_MAX, this.#size + GROWTH_BYTES);
  }

  timedOut(): void {
    this.#timeouts++;
    this.#size = Math.max(WINDOW_BYTES_MIN, this.#size / 2);
  }

  /** How long an answer may take before the frame is sent again (RFC 6298, with back-off), at least `leastMs`. */
  retransmitMs(leastMs: number): number {
    const estimate = this.#smoothedMs + 4 * this.#deviationMs;
    return Math.max(leastMs, estimate * 2) * (1 << Math.min(this.#timeouts, 5));
  }

  #measure(tookMs: number): void {
    if (this.#smoothedMs === 0) {
      this.#smoothedMs = tookMs;
      this.#deviationMs = tookMs / 2;
      return;
    }
    this.#deviationMs += (Math.abs(this.#smoothedMs - tookMs) - this.#deviationMs) / 4;
    this.#smoothedMs += (tookMs - this.#smoothedMs) / 8;
  }
}
