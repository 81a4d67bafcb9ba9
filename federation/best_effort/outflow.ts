/** What goes to one neighbour without custody: gathered for a moment, sent once, never again. */

import {
  CHAIN_START,
  type FrameDestination,
  type FrameEvent,
  type FrameGroupHead,
  FrameWriter,
} from "../link/codec/mod.ts";
import type { World } from "../world.ts";
import { CrossingWindow } from "./crossing_window.ts";
import type { DropReason } from "./drop_reason.ts";

/** The way to a neighbour whose link is up. */
export interface OpenLink {
  /** Frames are numbered within it. */
  readonly linkEpoch: number;
  /** Bytes that the bus has not written yet, and the most that it takes as one message. */
  readonly bufferedBytes: number;
  readonly payloadBytesMax: number;
  publish(frame: Uint8Array): void;
}

/** Events that travel alike. `previous` of its destinations is not looked at. */
export interface OutGroup extends FrameGroupHead {
  readonly events: FrameEvent[];
}

export interface OutflowParts {
  readonly world: World;
  /** `undefined`: the link is down. */
  readonly link: () => OpenLink | undefined;
  readonly onSent: (groups: readonly OutGroup[]) => void;
  readonly onDropped: (groups: readonly OutGroup[], reason: DropReason) => void;
}

/** A frame is sealed at either, as those in custody are; a larger event travels alone. */
const EVENTS_MAX = 512;
const BYTES_MAX = 256 * 1024;
/** Frames of custody stand behind what the bus has not written yet. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

export class Outflow {
  readonly #parts: OutflowParts;
  readonly #writer = new FrameWriter();
  readonly #window = new CrossingWindow();
  #groups: OutGroup[] = [];
  #events = 0;
  #bytes = 0;
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
  add(head: FrameGroupHead, event: FrameEvent): void {
    if (this.#bytes + event.record.length > BYTES_MAX) this.flush();
    const last = this.#groups.at(-1);
    if (last !== undefined && continues(last, head, event)) last.events.push(event);
    else this.#groups.push({ ...head, events: [event] });
    this.#events++;
    this.#bytes += event.record.length;
    if (this.#events >= EVENTS_MAX || this.#bytes >= BYTES_MAX) this.flush();
  }

  flush(): void {
    if (this.#events === 0) return;
    const groups = this.#groups;
    const reason = this.#send(groups);
    this.#groups = [];
    this.#events = this.#bytes = 0;
    if (reason === undefined) this.#parts.onSent(groups);
    else this.#parts.onDropped(groups, reason);
  }

  /** The neighbour has said how far it got in a link epoch. */
  heard(linkEpoch: number, sequence: number): void {
    if (linkEpoch === this.#linkEpoch) this.#window.heard(sequence, this.#parts.world.now());
  }

  #send(groups: readonly OutGroup[]): DropReason | undefined {
    const link = this.#parts.link();
    if (link === undefined) return "LINK_DOWN";
    if (link.linkEpoch !== this.#linkEpoch) this.#begin(link.linkEpoch);
    const at = this.#parts.world.now();
    if (link.bufferedBytes > BUFFERED_BYTES_MAX || this.#window.room(at) === 0) return "CONGESTED";
    const frame = this.#write(groups, this.#sequence + 1);
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

  #write(groups: readonly OutGroup[], sequence: number): Uint8Array {
    const writer = this.#writer;
    writer.begin({ linkEpoch: this.#linkEpoch, sequence, lane: "normal", previousChain: CHAIN_START });
    for (const { events, destinations, ...head } of groups) {
      const previous = events[0].sequence - 1;
      writer.beginGroup({ ...head, destinations: destinations.map((destination) => ({ ...destination, previous })) });
      for (const event of events) writer.addEvent(event.sequence, event.ageMs, event.record);
    }
    return writer.finish().bytes;
  }
}

function continues(group: OutGroup, head: FrameGroupHead, { sequence }: FrameEvent): boolean {
  return group.origin === head.origin && group.epoch === head.epoch && group.detours === head.detours &&
    sequence > group.events[group.events.length - 1].sequence && areEqual(group.hops, head.hops) &&
    group.destinations.length === head.destinations.length &&
    group.destinations.every((destination, i) => isSame(destination, head.destinations[i]));
}

function isSame(a: FrameDestination, b: FrameDestination): boolean {
  return a.cluster === b.cluster && a.ungrouped === b.ungrouped && areEqual(a.groups, b.groups);
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]));
}
