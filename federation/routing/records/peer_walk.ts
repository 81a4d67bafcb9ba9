/**
 * Fetches what one peer has and this database has not: at the begin of an adjacency, and when their roots differ for
 * longer than flooding takes. Each side pulls for itself, so that two walks make two databases equal.
 *
 *     buckets ──▶          (sums of 256 buckets)
 *             ◀── keys     (of the records in buckets whose sums differ, a round at a time)
 *     wants   ──▶          (the keys that are unknown or newer there)
 *             ◀── records  (through the peer's flood queue)
 */

import type { KeysAnswer, ListedKey, WantedKey } from "./db_message.ts";
import { MASK_BYTES } from "./db_message.ts";
import type { MessageWriter } from "./message_writer.ts";
import type { RecordsOptions } from "./records_options.ts";
import type { RecordTable } from "./record_table.ts";
import { compareVersions } from "./sealed_record.ts";
import { KIND_NUMBERS_MAX } from "./mesh_record.ts";

const BACK_OFF_MAX = 6;

export interface PeerWalkParts {
  readonly table: RecordTable;
  readonly options: RecordsOptions;
  readonly firstWalk: number;
  /** Sends what `write` writes, at once. */
  send(write: (writer: MessageWriter) => void): void;
  /** Time to wait for an answer, ms. */
  timeoutMs(): number;
  /** Everything that the peer had is here, or on its way to disk. */
  onComplete(): void;
}

export class PeerWalk {
  readonly #parts: PeerWalkParts;
  #walk: number;
  /** The first question of this round; later ones repeat it, and an answer to any of them will do. */
  #roundFrom = 0;
  /** The question whose answer is being collected. */
  #answered: number | undefined;
  /** Buckets of this round; `undefined`: no walk is under way. */
  #asked: Uint8Array | undefined;
  #left: Uint8Array = new Uint8Array(MASK_BYTES);
  #partsMissing = new Set<number>();
  #repeated = false;
  readonly #wanted = new Set<string>();
  #fetched = 0;
  #dueAt = Infinity;
  #backOff = 0;
  /** Roots differ since then. */
  #mismatchAt: number | undefined;
  #notBefore = 0;
  #pauseMs: number;

  constructor(parts: PeerWalkParts) {
    this.#parts = parts;
    this.#walk = parts.firstWalk;
    this.#pauseMs = parts.options.walkPauseMs;
  }

  /** When `timeOut` is to be called; `Infinity`: not. */
  get dueAt(): number {
    return this.#dueAt;
  }

  get active(): boolean {
    return this.#asked !== undefined;
  }

  start(now: number): void {
    this.#fetched = 0;
    this.#backOff = 0;
    this.#ask(new Uint8Array(MASK_BYTES).fill(0xff), now);
  }

  /** A root that the peer told. Answers whether a walk began because of it. */
  noteRoot(equal: boolean, now: number): boolean {
    if (equal) {
      this.#mismatchAt = undefined;
      this.#pauseMs = this.#parts.options.walkPauseMs;
      return false;
    }
    this.#mismatchAt ??= now;
    if (this.active || now < this.#mismatchAt + this.#parts.options.mismatchMs || now < this.#notBefore) return false;
    this.start(now);
    return true;
  }

  /** The peer asks us: it is there now, so that a question that it may have missed is repeated, once. */
  noteQuestion(now: number): void {
    if (this.#asked === undefined || this.#answered !== undefined || this.#repeated) return;
    this.#repeated = true;
    this.#question(this.#asked, now);
  }

  onKeys(answer: KeysAnswer, now: number): void {
    if (this.#asked === undefined || !this.#isAnswer(answer.walk)) return;
    if (this.#answered === undefined) {
      this.#answered = answer.walk;
      this.#partsMissing = new Set(Array.from({ length: answer.parts }, (_, part) => part));
    }
    if (!this.#partsMissing.delete(answer.part)) return;
    this.#left = answer.left;
    const room = this.#parts.options.recordsMax - this.#wanted.size;
    const wanted = answer.keys.filter((key) => this.#isWanted(key)).slice(0, room);
    for (const key of wanted) this.#wanted.add(nameOf(key));
    if (wanted.length > 0) this.#parts.send((writer) => wanted.forEach((key) => writer.want(key)));
    this.#progress(now);
  }

  /** A record came from the peer, whatever became of it. */
  onRecord(key: WantedKey, now: number): void {
    if (this.#asked === undefined || !this.#wanted.delete(nameOf(key))) return;
    this.#fetched++;
    this.#progress(now);
  }

  /** Asks anew what was not answered in time. */
  timeOut(now: number): void {
    if (this.#asked === undefined || now < this.#dueAt) return;
    this.#backOff = Math.min(this.#backOff + 1, BACK_OFF_MAX);
    this.#ask(this.#asked, now);
  }

  /** Begins a round. */
  #ask(asked: Uint8Array, now: number): void {
    this.#asked = asked;
    this.#roundFrom = (this.#walk + 1) >>> 0;
    this.#answered = undefined;
    this.#repeated = false;
    this.#wanted.clear();
    this.#question(asked, now);
  }

  #question(asked: Uint8Array, now: number): void {
    this.#walk = (this.#walk + 1) >>> 0;
    this.#wait(now);
    this.#parts.send((writer) => writer.buckets(this.#walk, asked, this.#parts.table.sums));
  }

  #isAnswer(walk: number): boolean {
    if (this.#answered !== undefined) return walk === this.#answered;
    return ((walk - this.#roundFrom) >>> 0) <= ((this.#walk - this.#roundFrom) >>> 0);
  }

  #progress(now: number): void {
    this.#backOff = 0;
    this.#wait(now);
    if (this.#answered === undefined || this.#partsMissing.size > 0 || this.#wanted.size > 0) return;
    if (this.#left.some((bits) => bits !== 0)) this.#ask(this.#left, now);
    else this.#complete(now);
  }

  #complete(now: number): void {
    const { walkPauseMs, walkPauseMsMax } = this.#parts.options;
    this.#asked = undefined;
    this.#dueAt = Infinity;
    this.#mismatchAt = undefined;
    this.#notBefore = now + this.#pauseMs;
    this.#pauseMs = this.#fetched > 0 ? walkPauseMs : Math.min(2 * this.#pauseMs, walkPauseMsMax);
    this.#parts.onComplete();
  }

  #wait(now: number): void {
    const { rtoMsMax } = this.#parts.options;
    this.#dueAt = now + Math.min(2 * this.#parts.timeoutMs() << this.#backOff, 2 * rtoMsMax);
  }

  #isWanted(key: ListedKey): boolean {
    if (key.kind >= KIND_NUMBERS_MAX) return false;
    const own = this.#parts.table.find(key)?.current;
    if (own === undefined) return true;
    const order = compareVersions(key, own);
    return order > 0 || (order === 0 && (key.epoch !== own.epoch || key.hashLow !== own.hash.low));
  }
}

function nameOf({ origin, kind, shard }: WantedKey): string {
  return `${origin}/${kind}/${shard}`;
}
