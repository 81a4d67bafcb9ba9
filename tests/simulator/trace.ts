/** What happened, as a hash that tells two runs apart, and as the last hundred steps for people. */

import { crc32 } from "node:zlib";

/** One step, in parts, so that only those that are shown cost a text. */
interface Step {
  readonly time: number;
  readonly what: string;
  readonly who: string;
  readonly detail: string | number;
}

const KEPT = 100;

export class Trace {
  #hi = 0x6a09e667;
  #lo = 0xbb67ae85;
  #count = 0;
  readonly #recent: Step[] = [];
  readonly #now: () => number;
  readonly #codes = new Map<string, number>();

  /** `now`: virtual time in µs. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get steps(): number {
    return this.#count;
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return hex(this.#hi) + hex(this.#lo);
  }

  /** `detail`: text, or a number that stands for content. */
  note(what: string, who: string, detail: string | number = 0): void {
    const time = this.#now();
    this.#mix(time >>> 0);
    this.#mix(this.#code(what) ^ this.#code(who));
    this.#mix(typeof detail === "number" ? detail >>> 0 : crc32(detail));
    this.#recent[this.#count++ % KEPT] = { time, what, who, detail };
  }

  /** The last steps, oldest first. */
  recent(): string[] {
    const first = Math.max(0, this.#count - KEPT);
    const lines: string[] = [];
    for (let i = first; i < this.#count; i++) {
      const { time, what, who, detail } = this.#recent[i % KEPT];
      const shown = typeof detail === "number" ? (detail === 0 ? "" : hex(detail >>> 0)) : detail;
      lines.push(`${(time / 1000).toFixed(3).padStart(12)} ms  ${who.padEnd(12)} ${what} ${shown}`.trimEnd());
    }
    return lines;
  }

  #mix(value: number): void {
    this.#lo = scramble(this.#lo ^ value);
    this.#hi = scramble((Math.imul(this.#hi, 5) + this.#lo) ^ value);
  }

  #code(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) this.#codes.set(text, code = crc32(text));
    return code;
  }
}

/** The finalizer of MurmurHash3. */
function scramble(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
