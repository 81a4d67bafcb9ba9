/**
 * What waits to be written to one client. Small things of one turn leave in one write; a large payload is handed to the
 * socket as it is, without a copy. Never waits, never throws: who does not read is found slow and cut off.
 */

import { Buffer } from "node:buffer";
import type { Writable } from "node:stream";

import type { Clock } from "../../../node/mod.ts";
import { EVENTS_PENDING_BYTES, FULL_STALL_MS, PENDING_BYTES_LIMIT, PENDING_BYTES_MAX, STALL_MS } from "./limits.ts";
import type { PagePool } from "./page_pool.ts";

export interface OutboxParts {
  readonly socket: Writable;
  readonly clock: Pick<Clock, "now">;
  readonly pages: PagePool;
  readonly counts: { messagesOut: number; bytesOut: number };
  /** More waits than a client that reads would let wait. Called once. */
  readonly onSlow: () => void;
  /** There is room for events again, after `hasRoom` was false. */
  readonly onRoom: () => void;
}

/** From this size on a payload is written by itself: another write costs less than the copy. */
const LARGE_BYTES = 16 * 1024;
/** What may be with the socket while a page that is not full waits for company. */
const WRITING_BYTES_MAX = 256 * 1024;
const LINE_END = "\r\n";

export class Outbox {
  readonly #parts: OutboxParts;
  #page: Buffer | undefined;
  #length = 0;
  /** Full pages and large payloads, in order, before the page. */
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #writingBytes = 0;
  #scheduled = false;
  #closed = false;
  #wantsRoom = false;
  /** When the socket last took something, or nothing waited. */
  #progressAt: number;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#progressAt = parts.clock.now();
  }

  /** Bytes handed over and not yet taken by the network. */
  get pendingBytes(): number {
    return this.#length + this.#queuedBytes + this.#writingBytes;
  }

  /** Whether more events should be taken for this client; `onRoom` follows a `false`. */
  get hasRoom(): boolean {
    if (this.pendingBytes < EVENTS_PENDING_BYTES) return true;
    this.#wantsRoom = true;
    return false;
  }

  /** Whether something has waited for long without anything being taken. */
  get stalled(): boolean {
    return this.pendingBytes > 0 && this.#parts.clock.now() - this.#progressAt > STALL_MS;
  }

  /** Lines with their ends. */
  text(text: string): void {
    if (this.#closed) return;
    this.#writeText(text);
    this.#added();
  }

  /** A message: its line with the end, the header block if it has one, the payload, which must not change any more. */
  message(line: string, headers: Uint8Array | undefined, payload: Uint8Array): void {
    if (this.#closed) return;
    this.#parts.counts.messagesOut++;
    this.#writeText(line);
    if (headers !== undefined) this.#writeBytes(headers);
    this.#writeBytes(payload);
    this.#writeText(LINE_END);
    this.#added();
  }

  /** Hands what there is to the socket now. */
  flush = (): void => {
    this.#scheduled = false;
    if (this.#closed) return;
    if (this.#length > 0 && this.#writingBytes === 0) this.#sealPage();
    while (this.#queue.length > 0 && this.#writingBytes < WRITING_BYTES_MAX) this.#write(this.#queue.shift()!);
  };

  /** Hands everything to the socket, and takes nothing more. */
  finish(): void {
    if (this.#closed) return;
    this.#sealPage();
    for (const bytes of this.#queue.splice(0)) this.#write(bytes);
    this.#closed = true;
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = this.#writingBytes = this.#length = 0;
    this.#page = undefined;
  }

  #added(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.flush);
    }
    const pending = this.pendingBytes;
    if (pending < PENDING_BYTES_MAX) return;
    const idleMs = this.#parts.clock.now() - this.#progressAt;
    if (pending < PENDING_BYTES_LIMIT && idleMs < FULL_STALL_MS) return;
    this.#closed = true;
    this.#parts.onSlow();
  }

  #writeBytes(bytes: Uint8Array): void {
    if (bytes.length >= LARGE_BYTES) {
      this.#sealPage();
      this.#queue.push(toBuffer(bytes));
      this.#queuedBytes += bytes.length;
      return;
    }
    const page = this.#pageWith(bytes.length);
    page.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #writeText(text: string): void {
    const page = this.#pageWith(text.length);
    const at = this.#length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return this.#writeBytes(Buffer.from(text, "utf8"));
      page[at + i] = code;
    }
    this.#length = at + text.length;
  }

  #pageWith(bytes: number): Buffer {
    if (this.#page !== undefined && this.#page.length - this.#length >= bytes) return this.#page;
    this.#sealPage();
    return this.#page = this.#parts.pages.take();
  }

  #sealPage(): void {
    if (this.#page === undefined || this.#length === 0) return;
    this.#queue.push(this.#page.subarray(0, this.#length));
    this.#queuedBytes += this.#length;
    this.#page = undefined;
    this.#length = 0;
  }

  #write(bytes: Buffer): void {
    const { socket, clock, pages, counts } = this.#parts;
    if (this.#writingBytes === 0) this.#progressAt = clock.now();
    this.#queuedBytes -= bytes.length;
    this.#writingBytes += bytes.length;
    counts.bytesOut += bytes.length;
    socket.write(bytes, () => {
      pages.giveBack(bytes);
      if (this.#closed) return;
      this.#writingBytes -= bytes.length;
      this.#progressAt = clock.now();
      if (this.#length > 0 || this.#queue.length > 0) this.flush();
      if (this.#wantsRoom && this.pendingBytes < EVENTS_PENDING_BYTES / 2) {
        this.#wantsRoom = false;
        this.#parts.onRoom();
      }
    });
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
