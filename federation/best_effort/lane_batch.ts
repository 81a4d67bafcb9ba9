/** What gathers for one frame of a lane: events that travel alike stand in one group. */

import type { FrameEvent, FrameGroupHead, Lane } from "../link/codec/mod.ts";
import { isSameDestination, isSameList } from "../same.ts";

/** Events that travel alike. `previous` of its destinations is not looked at. */
export interface OutGroup extends FrameGroupHead {
  readonly events: FrameEvent[];
}

/** A frame is sealed at either, as those in custody are; a larger event travels alone. */
const EVENTS_MAX = 512;
const BYTES_MAX = 256 * 1024;

export class LaneBatch {
  readonly lane: Lane;
  readonly groups: OutGroup[] = [];
  #events = 0;
  #bytes = 0;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  get isFull(): boolean {
    return this.#events >= EVENTS_MAX || this.#bytes >= BYTES_MAX;
  }

  /** Whether an event of this many bytes should wait for the next frame. */
  isFullFor(bytes: number): boolean {
    return this.#events > 0 && this.#bytes + bytes > BYTES_MAX;
  }

  add(head: FrameGroupHead, event: FrameEvent): void {
    const last = this.groups.at(-1);
    if (last !== undefined && continues(last, head, event)) last.events.push(event);
    else this.groups.push({ ...head, events: [event] });
    this.#events++;
    this.#bytes += event.record.length;
  }
}

function continues(group: OutGroup, head: FrameGroupHead, { sequence }: FrameEvent): boolean {
  return group.origin === head.origin && group.epoch === head.epoch && group.detours === head.detours &&
    sequence > group.events[group.events.length - 1].sequence && isSameList(group.hops, head.hops) &&
    group.destinations.length === head.destinations.length &&
    group.destinations.every((destination, i) => isSameDestination(destination, head.destinations[i]));
}
