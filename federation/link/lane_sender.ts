/**
 * Sends the frames of one lane of a link: sealed in order, pipelined within a window, acknowledged by the receiver's
 * sequence. The cursor is the receiver's; this side only believes its answers (design, "Contiguity is the safety").
 */

import type { EventReader } from "../custody/event_reader.ts";
import type { ShipmentQueue } from "../custody/queue.ts";
import type { Shipment } from "../custody/shipment.ts";
import type { World } from "../world.ts";
import { type Chain, CHAIN_START, type Lane, patchHeldMs } from "./codec/mod.ts";
import { inAdmissionOrder } from "./admission_rank.ts";
import { FrameBuilder } from "./frame_builder.ts";
import { decodeAnswer, type FrameAnswer } from "./publish_ack.ts";
import { RegretWindow } from "./regret_window.ts";
import { isAfter, type LanePlace, NOWHERE, type SealedFrame } from "./sealed_frame.ts";
import { SendWindow } from "./send_window.ts";

export interface LaneSenderParts {
  readonly world: World;
  readonly self: string;
  readonly peer: string;
  readonly lane: Lane;
  /** A link epoch that is larger than any before. */
  readonly newLinkEpoch: () => number;
  readonly queue: ShipmentQueue;
  readonly reader: EventReader;
  /** The store's ageing clock. */
  readonly age: () => number;
  /** Puts a frame on the bus; `done` gets the answer if one comes. */
  readonly request: (frame: Uint8Array, sequence: number, done: (answer: Uint8Array | undefined) => void) => void;
  /** Bytes that the bus has not written yet. */
  readonly buffered: () => number;
  readonly release: (shipments: readonly Shipment[]) => void;
  readonly takeBack: (shipments: readonly Shipment[]) => void;
  readonly onNotice: (notice: SenderNotice) => void;
}

/** What an operator should know. Stable codes. */
export interface SenderNotice {
  readonly code: "REWOUND" | "PEER_ROLLED_BACK" | "FRAME_REFUSED" | "PEER_FULL" | "LINK_EPOCH_OLD";
  readonly detail: string;
  /** The link epoch cannot go on. */
  readonly fatal: boolean;
  /** The next one must be larger than this. */
  readonly atLeast?: number;
}

/** How long the sender waits for company for an event while frames are under way. */
const LINGER_MS = 2;
/** A frame worth sending without waiting for more. */
const FULL_EVENTS = 512;
const FULL_BYTES = 256 * 1024;
const RETRANSMIT_MS_MIN = 250;
/** After the peer was full, so many frames are of one kind each. */
const CHOOSY_FRAMES = 16;
const PATIENCE = 4;
const FULL_PAUSE_MS = 250;
const FULL_PAUSE_MS_MAX = 5000;

/** Where a lane stands. */
export interface LaneState {
  /** Frames sent and not acknowledged, and the events in them. */
  readonly unacked: number;
  readonly unackedEvents: number;
  /** Of this link epoch. */
  readonly sentSequence: number;
  readonly ackedSequence: number;
  /** Bytes that may be sent before the next acknowledgement. */
  readonly credit: number;
  /** The peer has no room, and is left alone for a while. */
  readonly paused: boolean;
  /** How long the oldest frame has waited for its acknowledgement. */
  readonly waitedMs: number;
}

export class LaneSender {
  readonly #parts: LaneSenderParts;
  readonly #builder: FrameBuilder;
  readonly #window = new SendWindow();
  #linkEpoch = 0;
  #open = false;
  #sealed = 0;
  #acked = 0;
  #chain: Chain = CHAIN_START;
  #unacked: SealedFrame[] = [];
  readonly #regret: RegretWindow;
  /** Counts the times that everything was sent again: refusals of what was sent before then are old news. */
  #round = 0;
  #loading = false;
  #paused = false;
  /** Frames to come that hold only what a full peer takes or refuses as one. */
  #choosy = 0;
  #pauseMs = FULL_PAUSE_MS;
  #cancelLinger: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;
  #cancelPause: (() => void) | undefined;
  readonly counts = { frames: 0, events: 0, bytes: 0, retransmitted: 0, rewinds: 0, refused: 0 };

  constructor(parts: LaneSenderParts) {
    this.#parts = parts;
    this.#builder = new FrameBuilder(parts);
    this.#regret = new RegretWindow(parts.release);
  }

  get linkEpoch(): number {
    return this.#linkEpoch;
  }

  /** Where the lane stands, for `/v1/links`. */
  get state(): LaneState {
    return {
      unacked: this.#unacked.length,
      unackedEvents: this.#unacked.reduce((sum, { events }) => sum + events, 0),
      sentSequence: this.#sealed,
      ackedSequence: this.#acked,
      credit: this.#window.room,
      paused: this.#paused,
      waitedMs: this.#unacked.length === 0 ? 0 : this.#parts.world.now() - this.#unacked[0].sealedAt,
    };
  }

  /** Shipments acknowledged by a peer that may still lose them: custody has not moved yet. */
  *kept(): Generator<Shipment> {
    yield* this.#regret.shipments();
  }

  /** Shipments sent and not acknowledged. */
  *inFlight(): Generator<Shipment> {
    for (const { shipments } of this.#unacked) yield* shipments;
  }

  /**
   * Begins a link epoch, larger than any before. `received` is what the peer says it has: less than it had acknowledged
   * means that it lost its tail. `samePeer`: it is the process that acknowledged, whose word may be old but which has lost
   * nothing. `regretMs`: how long acknowledged frames are kept. `after`: the sequence before the first, 0 but for a stream.
   */
  open(
    linkEpoch: number,
    options: {
      readonly received: LanePlace | undefined;
      readonly regretMs: number;
      readonly samePeer?: boolean;
      readonly after?: number;
    },
  ): void {
    this.close();
    if (options.samePeer !== true) this.#noteRollback(options.received ?? NOWHERE);
    this.#linkEpoch = linkEpoch;
    this.#open = true;
    this.#sealed = this.#acked = options.after ?? 0;
    this.#chain = CHAIN_START;
    this.#regret.keepMs = options.regretMs;
    this.#window.reset();
    this.pump();
  }

  /** What the receiver takes at once, bytes; `undefined`: it does not say. At 0 this lane stands still, until it says more. */
  setCredit(bytes: number | undefined): void {
    this.#window.limit = bytes ?? Infinity;
    this.pump();
  }

  /** Closes the link epoch: what was not acknowledged is dispatched anew. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelAll();
    const unacked = this.#unacked;
    this.#unacked = [];
    this.#parts.takeBack(unacked.flatMap(({ shipments }) => shipments));
  }

  /** Seals and sends what the window allows. Cheap when there is nothing to do. */
  pump(): void {
    while (this.#open && !this.#loading && !this.#paused && this.#hasWork() && this.#window.room > 0) {
      if (this.#shouldLinger()) return this.#linger();
      const built = this.#builder.build({
        linkEpoch: this.#linkEpoch,
        sequence: this.#sealed + 1,
        previousChain: this.#chain,
        ofOneRank: this.#choosy > 0,
      });
      if (built.type === "load") return this.#load(built.position);
      if (built.type === "empty") continue; // what was first in the queue is gone
      this.#send(built.frame);
    }
  }

  #hasWork(): boolean {
    return this.#parts.queue.first !== undefined;
  }

  /** While frames are under way, a small one waits a little for company; when idle nothing waits. */
  #shouldLinger(): boolean {
    const { queue } = this.#parts;
    return this.#unacked.length > 0 && queue.events < FULL_EVENTS && queue.bytes < FULL_BYTES && !this.#lingered;
  }

  #lingered = false;

  #linger(): void {
    this.#cancelLinger ??= this.#parts.world.after(LINGER_MS, () => {
      this.#cancelLinger = undefined;
      this.#lingered = true;
      this.pump();
    });
  }

  #load(position: number): void {
    this.#loading = true;
    this.#parts.reader.load(position, () => {
      this.#loading = false;
      this.pump();
    });
  }

  #send(frame: SealedFrame): void {
    this.#lingered = false;
    this.#sealed = frame.sequence;
    this.#chain = frame.chain;
    this.#unacked.push(frame);
    this.#window.sent(frame.bytes.length);
    this.counts.frames++;
    this.counts.events += frame.events;
    this.counts.bytes += frame.bytes.length;
    this.#transmit(frame);
    this.#watch();
  }

  #transmit(frame: SealedFrame): void {
    const { world, request } = this.#parts;
    const epoch = this.#linkEpoch;
    const round = this.#round;
    frame.sentAt = world.now();
    request(frame.bytes, frame.sequence, (bytes) => {
      if (bytes === undefined || !this.#open || epoch !== this.#linkEpoch) return;
      const answer = decodeAnswer(bytes);
      if (answer.type !== "wrongSequence" || round === this.#round) this.#answered(frame, answer);
    });
  }

  #answered(frame: SealedFrame, answer: FrameAnswer): void {
    switch (answer.type) {
      case "accepted":
        if (answer.alone) return this.#taken(frame);
        return this.#accepted(Math.max(answer.sequence, frame.sequence));
      case "wrongSequence":
        if ((answer.linkEpoch ?? 0) > this.#linkEpoch) return this.#superseded(answer.linkEpoch!);
        if (answer.linkEpoch === undefined && answer.last > this.#acked) return this.#goOnAfter(answer.last);
        return this.#wrongSequence(answer.last);
      case "full":
        return this.#full(answer.detail);
      case "refused":
        this.counts.refused++;
        return this.#parts.onNotice({
          code: "FRAME_REFUSED",
          detail: `frame ${frame.sequence} was refused (${answer.code}): ${answer.detail}`,
          fatal: true,
        });
    }
    throw answer satisfies never;
  }

  #accepted(sequence: number): void {
    if (sequence > this.#sealed) return this.#peerAhead(sequence);
    this.#settleWhile((frame) => frame.sequence <= sequence);
  }

  /** A stream says it of one frame: what lies before it may be another process's. */
  #taken(frame: SealedFrame): void {
    frame.taken = true;
    this.#settleWhile(({ taken }) => taken === true);
  }

  #settleWhile(isAcknowledged: (frame: SealedFrame) => boolean): void {
    this.#pauseMs = FULL_PAUSE_MS;
    while (this.#unacked.length > 0 && isAcknowledged(this.#unacked[0])) this.#settle(this.#unacked.shift()!);
    if (this.#cancelLinger !== undefined) {
      this.#cancelLinger();
      this.#cancelLinger = undefined;
      this.#lingered = true; // what waited for company has waited for this answer
    }
    this.pump();
  }

  #settle(frame: SealedFrame): void {
    const now = this.#parts.world.now();
    this.#acked = frame.sequence;
    this.#choosy = Math.max(0, this.#choosy - 1);
    this.#window.acknowledged(frame.bytes.length, now - frame.sentAt);
    this.#regret.add(frame, now);
  }

  /** It has heard of a later link epoch: this one was closed by somebody else, or this side went back. */
  #superseded(linkEpoch: number): void {
    this.#parts.onNotice({
      code: "LINK_EPOCH_OLD",
      detail: `the peer is at link epoch ${linkEpoch}, this side at ${this.#linkEpoch}; a new one begins`,
      fatal: true,
      atLeast: linkEpoch,
    });
  }

  /** It has what was never sent in this epoch: two senders, or a store of ours that went back. Only a new epoch helps. */
  #peerAhead(sequence: number): void {
    this.#parts.onNotice({
      code: "FRAME_REFUSED",
      detail: `the peer has frame ${sequence} of this link epoch, but only ${this.#sealed} were sent`,
      fatal: true,
    });
  }

  /**
   * A stream knows no link epochs: it numbers on from what it has taken, in the ones before or from other processes. Which
   * of them its last frames are it does not say: those of which it has not said that it took them go once more.
   */
  #goOnAfter(last: number): void {
    const { newLinkEpoch } = this.#parts;
    const unacked = this.#unacked;
    this.#unacked = unacked.filter(({ taken }) => !taken);
    for (const frame of unacked) if (frame.taken) this.#settle(frame);
    this.open(newLinkEpoch(), { received: undefined, regretMs: this.#regret.keepMs, samePeer: true, after: last });
  }

  #wrongSequence(last: number): void {
    if (last > this.#sealed) return this.#peerAhead(last);
    if (last < this.#acked) return this.#rewind(last);
    if (last > this.#acked) this.#accepted(last);
    this.#resend();
  }

  /** The receiver acknowledged frames that it no longer has: it lost what it had not synced. */
  #rewind(last: number): void {
    const place = { linkEpoch: this.#linkEpoch, sequence: last };
    if (!this.#regret.reaches(place)) {
      return this.#parts.onNotice({
        code: "PEER_ROLLED_BACK",
        detail:
          `the peer has frames up to ${last} but had acknowledged ${this.#acked}; those between are no longer kept here`,
        fatal: true,
      });
    }
    this.counts.rewinds++;
    this.#parts.onNotice({
      code: "REWOUND",
      detail: `the peer lost frames ${last + 1} to ${this.#acked} after it had acknowledged them; they are sent again`,
      fatal: false,
    });
    this.#unacked = [...this.#regret.takeAfter(place), ...this.#unacked];
    this.#acked = last;
    this.#resend();
  }

  #noteRollback(received: LanePlace): void {
    const acknowledged = this.#regret.last;
    if (!isAfter(acknowledged, received)) return;
    const lost = this.#regret.takeAfter(received);
    const complete = this.#regret.reaches(received);
    if (complete) this.counts.rewinds++;
    this.#parts.onNotice({
      code: complete ? "REWOUND" : "PEER_ROLLED_BACK",
      detail:
        `the peer has frames up to ${received.sequence} of link epoch ${received.linkEpoch} but had acknowledged ` +
        `${acknowledged.sequence} of ${acknowledged.linkEpoch}; ` +
        (complete ? "they are sent again" : `${lost.length} of them are still kept here`),
      fatal: false,
    });
    this.#parts.takeBack(lost.flatMap(({ shipments }) => shipments));
  }

  #full(detail: string): void {
    if (this.#paused) return;
    this.#parts.onNotice({ code: "PEER_FULL", detail, fatal: false });
    this.#paused = true;
    this.#cancelPause = this.#parts.world.after(this.#pauseMs, () => this.#rearrange());
    this.#pauseMs = Math.min(FULL_PAUSE_MS_MAX, this.#pauseMs * 2);
  }

  /**
   * The frames that were refused hold up what the peer would still take: what they carry is put in the order in which a full
   * peer takes it, and sealed anew, in frames of one kind. A link epoch of its own keeps late copies of the old ones out.
   */
  #rearrange(): void {
    const { queue, peer, newLinkEpoch } = this.#parts;
    this.close();
    for (const shipment of inAdmissionOrder(queue.drain(), peer)) queue.push(shipment);
    this.#choosy = CHOOSY_FRAMES;
    this.open(newLinkEpoch(), { received: undefined, regretMs: this.#regret.keepMs, samePeer: true });
  }

  /** Go back N: everything unacknowledged once more, in order; while the peer is full it waits for the end of the pause. */
  #resend(): void {
    if (this.#paused) return;
    this.#round++;
    const now = this.#parts.world.now();
    for (const frame of this.#unacked) {
      this.counts.retransmitted++;
      frame.bytes = frame.bytes.slice(); // the bus may still be writing the ones before
      patchHeldMs(frame.bytes, now - frame.sealedAt);
      this.#transmit(frame);
    }
    this.#watch();
  }

  #watch(): void {
    if (this.#cancelTimer !== undefined || this.#unacked.length === 0) return;
    this.#cancelTimer = this.#parts.world.after(this.#window.retransmitMs(RETRANSMIT_MS_MIN), () => {
      this.#cancelTimer = undefined;
      const first = this.#unacked[0];
      if (first === undefined || this.#paused) return this.#watch();
      const waited = this.#parts.world.now() - first.sentAt;
      // What the bus has not written yet cannot have been answered; but the backlog may be that of another link.
      const due = this.#window.retransmitMs(RETRANSMIT_MS_MIN);
      if (waited >= due && (this.#parts.buffered() === 0 || waited >= due * PATIENCE)) {
        this.#window.timedOut();
        this.#resend();
      }
      this.#watch();
    });
  }

  /** Lets go of acknowledged frames whose time is over; to be called now and then while nothing is sent. */
  trimRegret(): void {
    this.#regret.trim(this.#parts.world.now());
  }

  #cancelAll(): void {
    this.#cancelLinger?.();
    this.#cancelTimer?.();
    this.#cancelPause?.();
    this.#cancelLinger = this.#cancelTimer = this.#cancelPause = undefined;
    this.#paused = false;
  }
}
