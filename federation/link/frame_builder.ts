/** Seals the next frame of a lane: takes shipments off the queue, reads their events, and ends those whose time is over. */

import { recordWithTtl, type StoredEvent } from "../../node/mod.ts";
import type { EventReader } from "../custody/event_reader.ts";
import type { ShipmentQueue } from "../custody/queue.ts";
import { type EndReason, positionAt, sequenceAt, type Shipment } from "../custody/shipment.ts";
import type { World } from "../world.ts";
import { type Chain, FrameWriter, type Lane } from "./codec/mod.ts";
import { admissionRank } from "./admission_rank.ts";
import type { SealedFrame } from "./sealed_frame.ts";

export interface FrameBuilderParts {
  readonly world: World;
  readonly self: string;
  readonly peer: string;
  readonly lane: Lane;
  readonly queue: ShipmentQueue;
  readonly reader: EventReader;
  readonly age: () => number;
}

export type Built =
  | { readonly type: "frame"; readonly frame: SealedFrame }
  /** The event at this position has to be read first. */
  | { readonly type: "load"; readonly position: number }
  | { readonly type: "empty" };

/** A frame is sealed at either. Larger ones gain nothing (design, "Frames"); a single larger event travels alone. */
const EVENTS_MAX = 512;
const BYTES_MAX = 256 * 1024;

export class FrameBuilder {
  readonly #parts: FrameBuilderParts;
  readonly #writer = new FrameWriter();
  /** The store's ageing clock when the frame was begun. */
  #age = 0;

  constructor(parts: FrameBuilderParts) {
    this.#parts = parts;
  }

  /** `ofOneRank`: only what a full peer takes or refuses as one (see `admissionRank()`). */
  build(place: { linkEpoch: number; sequence: number; previousChain: Chain; ofOneRank?: boolean }): Built {
    const { queue, world, lane } = this.#parts;
    const taken: Shipment[] = [];
    this.#age = this.#parts.age();
    this.#writer.begin({ ...place, lane });
    while (queue.first !== undefined && !this.#full) {
      if (place.ofOneRank && taken.length > 0 && !this.#isOfOneRank(taken[0], queue.first)) break;
      const count = this.#write(queue.first);
      if (count === 0) {
        if (taken.length > 0) break; // what was gathered goes first
        return { type: "load", position: queue.first.position };
      }
      taken.push(queue.take(count));
    }
    if (taken.length === 0) return { type: "empty" };
    const { bytes, chain, events } = this.#writer.finish();
    const now = world.now();
    return {
      type: "frame",
      frame: {
        linkEpoch: place.linkEpoch,
        sequence: place.sequence,
        bytes,
        chain,
        events,
        shipments: taken,
        sealedAt: now,
        sentAt: now,
        ackedAt: 0,
      },
    };
  }

  #isOfOneRank(a: Shipment, b: Shipment): boolean {
    const { peer } = this.#parts;
    return admissionRank(a, peer) === admissionRank(b, peer);
  }

  get #full(): boolean {
    return this.#writer.events >= EVENTS_MAX || this.#writer.length >= BYTES_MAX;
  }

  /** Writes events of a shipment as long as they are at hand and fit; answers how many. */
  #write(shipment: Shipment): number {
    let index = 0;
    let ended: EndReason | "alive" | undefined;
    for (; index < shipment.count && !this.#full; index++) {
      const next = shipment.ended ?? this.#look(positionAt(shipment, index));
      if (next === undefined) break;
      const state = typeof next === "string" ? next : "alive";
      if (state !== ended) {
        if (ended !== undefined) this.#writer.endGroup();
        this.#beginGroup(shipment, index, state === "alive" ? undefined : state);
        ended = state;
      }
      if (typeof next === "string") this.#writer.addEvent(sequenceAt(shipment, index), 0, NO_RECORD);
      else this.#add(next, sequenceAt(shipment, index));
    }
    if (ended !== undefined) this.#writer.endGroup();
    return index;
  }

  #beginGroup(shipment: Shipment, index: number, ended: EndReason | undefined): void {
    const { origin, epoch, hops, detours, destinations } = shipment;
    this.#writer.beginGroup({
      origin,
      epoch,
      hops: [...hops, this.#parts.self],
      detours,
      ended,
      destinations: index === 0
        ? destinations
        : destinations.map((destination) => ({ ...destination, previous: sequenceAt(shipment, index - 1) })),
    });
  }

  /** What the event at a position becomes; `undefined`: it has to be read first. */
  #look(position: number): StoredEvent | EndReason | undefined {
    const looked = this.#parts.reader.at(position);
    if (looked === "unread") return undefined;
    if (looked === "gone") return "evicted";
    return this.#isOver(looked) ? "expired" : looked;
  }

  #isOver({ ttlMs, acceptedAge }: StoredEvent): boolean {
    return ttlMs < 0 || (ttlMs > 0 && this.#age - acceptedAge >= ttlMs);
  }

  #add(event: StoredEvent, sequence: number): void {
    const ageMs = Math.max(0, Math.floor(this.#age - event.acceptedAge));
    const { record, ttlMs } = event;
    this.#writer.addEvent(sequence, ageMs, ttlMs > 0 ? recordWithTtl(record, ttlMs - ageMs) : record);
  }
}

const NO_RECORD = new Uint8Array(0);
