/** The publish window: which (source, id) were accepted lately, so that a publisher may retry safely. */

const NONE: readonly number[] = [];

export interface PublishWindowOptions {
  /** Ids remembered at most. Higher forgives later retries; 16 bytes each. Rounded up to a power of two. */
  readonly idsMax: number;
  /** How long an id is remembered, in ms of the store's ageing clock. */
  readonly ageMs: number;
}

/**
 * A ring of the 64-bit id hashes of the last events of the log (the slot is the position modulo the capacity) with an
 * open-addressing table over it. Positions are contiguous, so neither holds a position twice: 16 bytes an id at a load of
 * one half. A hash is a hint: the caller compares the event itself, so a collision costs a read and never an event.
 */
export class PublishWindow {
  readonly #capacity: number;
  readonly #ageMs: number;
  readonly #hashes: Uint32Array; // [hi, lo] per slot
  readonly #table: Uint32Array; // slot + 1 of an entry, 0 is free; linear probing
  readonly #tableMask: number;
  readonly #times: { readonly position: number; readonly age: number }[] = []; // one per 100 ms or more, oldest first
  #timesHead = 0;
  #oldest = 1; // entries are the positions [oldest, next)
  #next = 1;

  constructor(options: PublishWindowOptions) {
    this.#capacity = powerOfTwo(options.idsMax);
    this.#ageMs = options.ageMs;
    // Both are zero pages of the operating system until they are written, so an idle node does not pay for them.
    this.#hashes = new Uint32Array(this.#capacity * 2);
    this.#table = new Uint32Array(this.#capacity * 2);
    this.#tableMask = this.#capacity * 2 - 1;
  }

  get size(): number {
    return this.#next - this.#oldest;
  }

  /** Age in ms of the oldest id still remembered: how far back a retry is really recognised. */
  coveredMs(now: number): number {
    return this.size === 0 ? 0 : Math.max(0, now - this.#times[this.#timesHead].age);
  }

  /** Positions whose id has this hash and that are inside the window, oldest first; nearly always none. */
  candidates(hi: number, lo: number, now: number): readonly number[] {
    this.#expire(now);
    let found: number[] | undefined;
    for (let at = lo & this.#tableMask; this.#table[at] !== 0; at = (at + 1) & this.#tableMask) {
      const slot = this.#table[at] - 1;
      if (this.#hashes[slot * 2] === hi >>> 0 && this.#hashes[slot * 2 + 1] === lo >>> 0) {
        (found ??= []).push(this.#positionOf(slot));
      }
    }
    return found === undefined ? NONE : found.sort((a, b) => a - b);
  }

  /**
   * Remembers the event at `position`. Positions may arrive a little out of order but each at most once; one that lies
   * further ahead than the window is long empties it.
   */
  insert(position: number, hi: number, lo: number, now: number): void {
    this.#makeRoomFor(position);
    if (position < this.#oldest) return;
    const slot = position % this.#capacity;
    this.#hashes[slot * 2] = hi;
    this.#hashes[slot * 2 + 1] = lo;
    let at = lo & this.#tableMask;
    while (this.#table[at] !== 0) at = (at + 1) & this.#tableMask;
    this.#table[at] = slot + 1;
    this.#noteTime(position, now);
  }

  #positionOf(slot: number): number {
    const base = this.#oldest % this.#capacity;
    return this.#oldest + ((slot - base + this.#capacity) & (this.#capacity - 1));
  }

  #makeRoomFor(position: number): void {
    if (this.size === 0) this.#oldest = this.#next = position;
    if (position >= this.#next + this.#capacity) {
      this.#clear(position);
      return;
    }
    if (position < this.#next) return;
    while (position - this.#oldest >= this.#capacity) this.#forget(this.#oldest++);
    this.#next = position + 1;
    while ((this.#times[this.#timesHead + 1]?.position ?? Infinity) <= this.#oldest) this.#timesHead++;
  }

  #clear(position: number): void {
    this.#table.fill(0);
    this.#times.length = this.#timesHead = 0;
    this.#oldest = position;
    this.#next = position + 1;
  }

  #expire(now: number): void {
    const times = this.#times;
    while (this.#timesHead < times.length && now - times[this.#timesHead].age > this.#ageMs) {
      const end = times[this.#timesHead + 1]?.position ?? this.#next;
      while (this.#oldest < end) this.#forget(this.#oldest++);
      this.#timesHead++;
    }
    if (this.#timesHead > 1024) this.#times.splice(0, this.#timesHead), this.#timesHead = 0;
  }

  #noteTime(position: number, now: number): void {
    const last = this.#times.at(-1);
    if (last === undefined || this.#timesHead === this.#times.length || now - last.age >= 100) {
      this.#times.push({ position, age: now });
    }
  }

  /** Takes an entry out of the table, closing the gap so that probing needs no tombstones (Knuth 6.4, Algorithm R). */
  #forget(position: number): void {
    const slot = position % this.#capacity;
    let at = this.#hashes[slot * 2 + 1] & this.#tableMask;
    while (this.#table[at] !== slot + 1) {
      if (this.#table[at] === 0) return; // a position that was skipped: a commit that failed
      at = (at + 1) & this.#tableMask;
    }
    let hole = at;
    for (let next = (hole + 1) & this.#tableMask; this.#table[next] !== 0; next = (next + 1) & this.#tableMask) {
      const home = this.#hashes[(this.#table[next] - 1) * 2 + 1] & this.#tableMask;
      if (((next - home) & this.#tableMask) >= ((next - hole) & this.#tableMask)) {
        this.#table[hole] = this.#table[next];
        hole = next;
      }
    }
    this.#table[hole] = 0;
    this.#hashes[slot * 2] = this.#hashes[slot * 2 + 1] = 0;
  }
}

function powerOfTwo(least: number): number {
  let size = 1024;
  while (size < least) size *= 2;
  return size;
}
