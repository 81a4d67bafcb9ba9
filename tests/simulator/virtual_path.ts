/** The way of messages from one machine to another: how long it takes, how wide it is, and what goes wrong on it. */

import type { Scheduler } from "./scheduler.ts";
import type { SimRandom } from "./sim_random.ts";

export interface PathQuality {
  readonly delayUs: number;
  /** On top of the delay, at most. */
  readonly jitterUs: number;
  /** 0: as wide as anybody likes. */
  readonly bytesPerMs: number;
  /** Worse than TCP: messages that vanish, come twice, or overtake others. In 1/1000. */
  readonly lossPermille: number;
  readonly duplicatePermille: number;
  readonly reorderPermille: number;
}

export const GOOD_PATH: PathQuality = {
  delayUs: 2000,
  jitterUs: 500,
  bytesPerMs: 0,
  lossPermille: 0,
  duplicatePermille: 0,
  reorderPermille: 0,
};

/** How long something that overtakes, or is overtaken, is under way longer than others, at most. */
const REORDER_US = 50_000;
/** After a hole the network stack tries again within this. */
const RETRANSMISSION_US = 400_000;

interface Parcel {
  readonly bytes: number;
  readonly arrive: () => void;
  /** When it arrives, unless the path gets wider before. */
  due: number;
}

/** One direction between two machines. */
export class VirtualPath {
  readonly #pipes = new Set<Pipe>();
  #quality: PathQuality = GOOD_PATH;
  #hole = false;

  get quality(): PathQuality {
    return this.#quality;
  }

  /** What waits before a narrow path gets through as soon as it is wide again. */
  set quality(quality: PathQuality) {
    const before = this.#quality.bytesPerMs;
    this.#quality = quality;
    if (before > 0 && (quality.bytesPerMs === 0 || quality.bytesPerMs > before)) {
      for (const pipe of this.#pipes) pipe.hurry();
    }
  }

  /** Nothing arrives any more, and nobody is told. */
  get hole(): boolean {
    return this.#hole;
  }

  openHole(): void {
    this.#hole = true;
  }

  closeHole(): void {
    if (!this.#hole) return;
    this.#hole = false;
    for (const pipe of this.#pipes) pipe.resume();
  }

  add(pipe: Pipe): void {
    this.#pipes.add(pipe);
  }

  remove(pipe: Pipe): void {
    this.#pipes.delete(pipe);
  }
}

/** A byte stream over a path: what is sent first arrives first, unless the path is worse than TCP. */
export class Pipe {
  readonly #path: VirtualPath;
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  #freeAt = 0;
  #lastArrival = 0;
  #stalled: Parcel[] = [];
  /** In order of their arrival, as far as they were sent in order. */
  #posted: Parcel[] = [];
  #underWay = 0;
  #closed = false;

  constructor(path: VirtualPath, scheduler: Scheduler, random: SimRandom) {
    this.#path = path;
    this.#scheduler = scheduler;
    this.#random = random;
    path.add(this);
  }

  /** Bytes sent and not taken by the other side yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** The other side has taken them. */
  taken(bytes: number): void {
    this.#underWay -= bytes;
  }

  /** `arrive` is called once; never, twice or out of turn on a path that is worse than TCP; never after `close()`. */
  send(bytes: number, arrive: () => void): void {
    const { quality } = this.#path;
    if (this.#closed || this.#random.chance(quality.lossPermille)) return;
    this.#post({ bytes, arrive, due: 0 }, { inOrder: !this.#random.chance(quality.reorderPermille) });
    if (this.#random.chance(quality.duplicatePermille)) this.#post({ bytes, arrive, due: 0 }, { inOrder: false });
  }

  /** Like `send()`, for what a connection itself has to say: it is never lost alone. */
  sendSurely(arrive: () => void): void {
    if (!this.#closed) this.#post({ bytes: 0, arrive, due: 0 }, { inOrder: true });
  }

  close(): void {
    this.#closed = true;
    this.#stalled = this.#posted = [];
    this.#path.remove(this);
  }

  /** The hole is closed: what was stuck in it is sent again, in order. */
  resume(): void {
    if (this.#stalled.length === 0) return;
    const delayUs = this.#path.quality.delayUs + this.#random.below(RETRANSMISSION_US);
    this.#scheduler.after(delayUs, () => {
      if (this.#closed || this.#path.hole) return;
      const stalled = this.#stalled;
      this.#stalled = [];
      for (const { arrive } of stalled) if (!this.#closed) arrive();
    });
  }

  /** The path is wider than it was: what is under way in order arrives as it would had it been sent now. */
  hurry(): void {
    const { now } = this.#scheduler;
    this.#freeAt = this.#lastArrival = now;
    for (const parcel of this.#posted) this.#schedule(parcel, Math.min(parcel.due, this.#arrivalOf(parcel.bytes, 0)));
  }

  #post(parcel: Parcel, { inOrder }: { inOrder: boolean }): void {
    this.#underWay += parcel.bytes;
    const arrival = this.#arrivalOf(parcel.bytes, this.#random.below(this.#path.quality.jitterUs + 1));
    if (!inOrder) return this.#schedule(parcel, arrival + this.#random.below(REORDER_US));
    this.#posted.push(parcel);
    this.#schedule(parcel, this.#lastArrival = Math.max(this.#lastArrival, arrival));
  }

  /** Of bytes that are written behind all that was. */
  #arrivalOf(bytes: number, jitterUs: number): number {
    const { delayUs, bytesPerMs } = this.#path.quality;
    const writing = bytesPerMs === 0 ? 0 : Math.ceil(bytes * 1000 / bytesPerMs);
    this.#freeAt = Math.max(this.#freeAt, this.#scheduler.now) + writing;
    return this.#freeAt + delayUs + jitterUs;
  }

  #schedule(parcel: Parcel, arrival: number): void {
    if (parcel.due === arrival) return;
    parcel.due = arrival;
    this.#scheduler.at(arrival, () => {
      if (parcel.due === arrival) this.#arrive(parcel);
    });
  }

  #arrive(parcel: Parcel): void {
    if (this.#posted[0] === parcel) this.#posted.shift();
    parcel.due = -1;
    if (this.#closed) return;
    if (this.#path.hole || this.#stalled.length > 0) this.#stalled.push(parcel);
    else parcel.arrive();
  }
}
