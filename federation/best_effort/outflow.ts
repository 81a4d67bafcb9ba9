/** What goes to one neighbour without custody: gathered for a moment, sent once, never again. */

import { CHAIN_START, type FrameEvent, type FrameGroupHead, FrameWriter, type Lane } from "../link/codec/mod.ts";
import type { World } from "../world.ts";
import { CrossingWindow } from "./crossing_window.ts";
import type { DropReason } from "./drop_reason.ts";
import { LaneBatch, type OutGroup } from "./lane_batch.ts";

/** The way to a neighbour whose link is up. */
export interface OpenLink {
  /** Frames are numbered within it. */
  readonly linkEpoch: number;
  /** Bytes that the bus has not written yet, and the most that it takes as one message. */
  readonly bufferedBytes: number;
  readonly payloadBytesMax: number;
  publish(frame: Uint8Array): void;
}

export interface OutflowParts {
  readonly world: World;
  /** `undefined`: the link is down. */
  readonly link: () => OpenLink | undefined;
  readonly onSent: (groups: readonly OutGroup[]) => void;
  readonly onDropped: (groups: readonly OutGroup[], reason: DropReason) => void;
}

/** Frames of custody stand behind what the bus has not written yet. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

export class Outflow {
  readonly #parts: OutflowParts;
  readonly #writer = new FrameWriter();
  readonly #window = new CrossingWindow();
  /** One frame has events of one lane: what follows it may take other routes than what follows another. */
  readonly #batches = new Map<Lane, LaneBatch>();
  #linkEpoch = 0;
  #sequence = 0;

  constructor(parts: OutflowParts) {
    this.#parts = parts;
  }

  /** Bytes sent of which the neighbour has not said yet that they came. */
  get underWayBytes(): number {
    return this.#window.underWay;
  }

  /** Leaves with the next `flush()`, or before when a frame is full. */
  add(lane: Lane, head: FrameGroupHead, event: FrameEvent): void {
    let batch = this.#batches.get(lane);
    if (batch?.isFullFor(event.record.length)) batch = void this.#leave(batch);
    if (batch === undefined) this.#batches.set(lane, batch = new LaneBatch(lane));
    batch.add(head, event);
    if (batch.isFull) this.#leave(batch);
  }

  flush(): void {
    for (const batch of this.#batches.values()) this.#leave(batch);
  }

  #leave(batch: LaneBatch): void {
    this.#batches.delete(batch.lane);
    const reason = this.#send(batch);
    if (reason === undefined) this.#parts.onSent(batch.groups);
    else this.#parts.onDropped(batch.groups, reason);
  }

  /** The neighbour has said how far it got in a link epoch. */
  heard(linkEpoch: number, sequence: number): void {
    if (linkEpoch === this.#linkEpoch) this.#window.heard(sequence, this.#parts.world.now());
  }

  #send(batch: LaneBatch): DropReason | undefined {
    const link = this.#parts.link();
    if (link === undefined) return "LINK_DOWN";
    if (link.linkEpoch !== this.#linkEpoch) this.#begin(link.linkEpoch);
    const at = this.#parts.world.now();
    if (link.bufferedBytes > BUFFERED_BYTES_MAX || this.#window.room(at) === 0) return "CONGESTED";
    const frame = this.#write(batch, this.#sequence + 1);
    if (frame.length > link.payloadBytesMax) return "TOO_LARGE";
    this.#sequence++;
    this.#window.sent({ sequence: this.#sequence, bytes: frame.length, at });
    link.publish(frame);
    return undefined;
  }

  #begin(linkEpoch: number): void {
    this.#linkEpoch = linkEpoch;
    this.#sequence = 0;
    this.#window.reset();
  }

  #write({ lane, groups }: LaneBatch, sequence: number): Uint8Array {
    const writer = this.#writer;
    writer.begin({ linkEpoch: this.#linkEpoch, sequence, lane, previousChain: CHAIN_START });
    for (const { events, destinations, ...head } of groups) {
      const previous = events[0].sequence - 1;
      writer.beginGroup({ ...head, destinations: destinations.map((destination) => ({ ...destination, previous })) });
      for (const event of events) writer.addEvent(event.sequence, event.ageMs, event.record);
    }
    return writer.finish().bytes;
  }
}
