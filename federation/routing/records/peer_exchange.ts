/** Everything between this database and one adjacent one: flooding both ways, and walks that make the two equal. */

import type { World } from "../../world.ts";

import { Alarm } from "./alarm.ts";
import { FloodQueue } from "./flood_queue.ts";
import type { MessageWriter } from "./message_writer.ts";
import { PeerWalk } from "./peer_walk.ts";
import type { RecordsOptions } from "./records_options.ts";
import type { RecordTable } from "./record_table.ts";
import { answerWalk, type WalkQuestion } from "./walk_answer.ts";

/** An answer costs a look at every record: so many at once, and then one in this time. */
const ANSWERS_AT_ONCE = 5;
const ANSWER_PAUSE_MS = 20;

export interface PeerExchangeParts {
  readonly world: World;
  readonly table: RecordTable;
  readonly options: RecordsOptions;
  /** All exchanges of a database share one. */
  readonly writer: MessageWriter;
  send(payload: Uint8Array): void;
  onWalked(): void;
}

export class PeerExchange {
  readonly queue: FloodQueue;
  readonly walk: PeerWalk;
  /** A full exchange has completed since the adjacency came up. */
  synced = false;
  readonly #parts: PeerExchangeParts;
  readonly #flush: Alarm;
  readonly #timeOut: Alarm;
  #flushedAt = -Infinity;
  /** When the answers given so far would all have had their pause. */
  #answersPaidAt = -Infinity;
  #sent = 0;

  constructor(parts: PeerExchangeParts) {
    const { world, table, options } = parts;
    this.#parts = parts;
    this.queue = new FloodQueue(options, world.randomInteger(2 ** 32));
    this.walk = new PeerWalk({
      table,
      options,
      firstWalk: world.randomInteger(2 ** 32),
      send: (write) => this.#send(write),
      timeoutMs: () => this.queue.timeoutMs,
      onComplete: parts.onWalked,
    });
    this.#flush = new Alarm(world, (now) => this.#flushNow(now));
    this.#timeOut = new Alarm(world, (now) => this.#timeOutNow(now));
  }

  /** Messages sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Sets the timers for whatever there is to do. Call after anything that gives the queue or the walk work. */
  arm(): void {
    // The first of a burst goes out at once, the rest of it together.
    if (this.queue.hasWork) this.#flush.set(this.#flushedAt + this.#parts.options.coalesceMs);
    this.#timeOut.set(Math.min(this.queue.dueAt, this.walk.dueAt));
  }

  answer(question: WalkQuestion, now: number): void {
    const paidAt = Math.max(this.#answersPaidAt, now) + ANSWER_PAUSE_MS;
    if (paidAt - now > ANSWERS_AT_ONCE * ANSWER_PAUSE_MS) return;
    this.#answersPaidAt = paidAt;
    const { table, options } = this.#parts;
    this.#send((writer) => answerWalk(table, question, writer, { ...options, now }));
    this.walk.noteQuestion(now);
  }

  stop(): void {
    this.#flush.clear();
    this.#timeOut.clear();
  }

  #flushNow(now: number): void {
    this.#flushedAt = now;
    this.#send((writer) => this.queue.flush(writer, now));
    this.#timeOut.set(this.queue.dueAt);
  }

  #timeOutNow(now: number): void {
    if (this.queue.dueAt <= now) this.queue.timeOut(now);
    this.walk.timeOut(now);
    this.arm();
  }

  #send(write: (writer: MessageWriter) => void): void {
    this.#parts.writer.compose((payload) => {
      this.#sent++;
      this.#parts.send(payload);
    }, write);
  }
}
