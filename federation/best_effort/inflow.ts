/**
 * Takes frames that are not in custody: what is for others goes on at once, what is for this cluster comes into its log.
 * Nothing is answered; a frame or an event that came before is recognised, whoever repeated it.
 */

import { type AppendEntry, StoreFullError } from "../../node/mod.ts";
import { ArrivedEvent, isOver, isSystemRecord, RecordEntry } from "../custody/arrived_event.ts";
import type { CustodyLog } from "../custody_log.ts";
import {
  CHAIN_START,
  chainToHex,
  decodeFrame,
  type Frame,
  type FrameDestination,
  type FrameEvent,
  type FrameGroup,
  type Hello,
  type Lane,
} from "../link/codec/mod.ts";
import type { LocalCluster } from "../local_cluster.ts";
import type { World } from "../world.ts";
import type { DropReason } from "./drop_reason.ts";
import { SeenFrames } from "./seen_frames.ts";

export interface InflowParts {
  readonly world: Pick<World, "now">;
  readonly self: string;
  readonly log: CustodyLog;
  readonly local: Pick<LocalCluster, "judge" | "hasMember">;
  /** A frame came for the first time. */
  readonly onCrossed: (peer: string, group: FrameGroup) => void;
  /** Much has come since a neighbour was last told how far it got: it should be told now. */
  readonly onUntold: (peer: string) => void;
  /** Events for other clusters. */
  readonly onForward: (lane: Lane, group: FrameGroup, destinations: readonly FrameDestination[]) => void;
  /** All of a frame that is for others was passed on. */
  readonly onTaken: () => void;
  /** Events of others are in the log. */
  readonly onArrived: (count: number) => void;
  /** Events that were here before. */
  readonly onRepeated: (count: number) => void;
  readonly onDropped: (events: FrameGroup, reason: DropReason) => void;
  readonly onRefused: (refused: { peer: string; code: string; detail: string }) => void;
  readonly onError: (error: unknown) => void;
}

/** Events of a group that are for this cluster. */
interface Waiting {
  readonly group: FrameGroup;
  readonly own: FrameDestination;
  readonly heldMs: number;
  readonly bytes: number;
}

interface Candidate {
  readonly waiting: Waiting;
  readonly event: FrameEvent;
  readonly entry: AppendEntry;
}

/** Events that wait for the disk, over all links. Past it they are dropped: this class is not worth more memory. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;
const COMMIT_BYTES_MAX = 4 * 1024 * 1024;
/** A sender that bursts waits for word of this, else HELLO comes when it comes; words are no closer than that. */
const UNTOLD_BYTES = 128 * 1024;
const UNTOLD_MS = 10;
/** The room above is for what is in custody; doors stop here, too (design §5). */
const ROOM_PERMILLE = 700;

export class Inflow {
  readonly #parts: InflowParts;
  readonly #seen = new Map<string, SeenFrames>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #busy = false;

  constructor(parts: InflowParts) {
    this.#parts = parts;
  }

  /** How far a neighbour's frames came: what it is told, so that it knows what is under way. */
  received(peer: string): Hello["received"]["best-effort"] {
    const seen = this.#seen.get(peer);
    if (seen !== undefined) {
      seen.untoldBytes = 0;
      seen.toldAt = this.#parts.world.now();
    }
    return seen && { linkEpoch: seen.linkEpoch, sequence: seen.highest, chain: chainToHex(CHAIN_START) };
  }

  receive(peer: string, bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes);
    if ("problem" in decoded) return this.#refuse(peer, decoded.problem, decoded.detail);
    const { frame } = decoded;
    const liar = frame.groups.find(({ hops }) => hops.at(-1) !== peer);
    if (liar !== undefined) {
      return this.#refuse(peer, "HOPS_FORGED", `a best-effort frame says it comes from "${liar.hops.at(-1)}"`);
    }
    if (frame.groups.some(({ ended }) => ended !== undefined)) {
      return this.#refuse(peer, "MALFORMED", "a best-effort frame tells of events that ended");
    }
    const seen = this.#seenOf(peer);
    if (!seen.take(frame.linkEpoch, frame.sequence)) return this.#repeat(frame);
    for (const group of frame.groups) this.#take(frame, group);
    this.#parts.onTaken();
    if (!this.#busy) this.#next();
    for (const group of frame.groups) this.#parts.onCrossed(peer, group); // for people: nobody waits for it
    seen.untoldBytes += bytes.length;
    if (seen.untoldBytes >= UNTOLD_BYTES && this.#parts.world.now() - seen.toldAt >= UNTOLD_MS) {
      this.#parts.onUntold(peer);
    }
  }

  #seenOf(peer: string): SeenFrames {
    let seen = this.#seen.get(peer);
    if (seen === undefined) this.#seen.set(peer, seen = new SeenFrames());
    return seen;
  }

  #refuse(peer: string, code: string, detail: string): void {
    this.#parts.onRefused({ peer, code, detail });
  }

  #repeat({ groups }: Frame): void {
    this.#parts.onRepeated(groups.reduce((sum, { events }) => sum + events.length, 0));
  }

  #take({ heldMs, lane }: Frame, group: FrameGroup): void {
    const { self, onForward, onDropped } = this.#parts;
    const others = group.destinations.filter(({ cluster }) => cluster !== self);
    if (others.length > 0) onForward(lane, group, others);
    const own = group.destinations.find(({ cluster }) => cluster === self);
    if (own === undefined) return;
    const bytes = group.events.reduce((sum, { record }) => sum + record.length, 0);
    if (!this.#hasRoom(bytes)) return onDropped(group, "NO_ROOM");
    this.#waiting.push({ group, own, heldMs, bytes });
    this.#waitingBytes += bytes;
  }

  #hasRoom(bytes: number): boolean {
    const { log } = this.#parts;
    if (this.#waitingBytes + bytes > WAITING_BYTES_MAX) return false;
    return log.usedPermille() + this.#waitingBytes * 1000 / log.bytesMax < ROOM_PERMILLE;
  }

  /** What came while the store was busy becomes one commit. One at a time: the window knows only what is in the log. */
  #next(): void {
    const batch: Waiting[] = [];
    let bytes = 0;
    while (batch.length < this.#waiting.length && bytes < COMMIT_BYTES_MAX) {
      bytes += this.#waiting[batch.length].bytes;
      batch.push(this.#waiting[batch.length]);
    }
    if (batch.length === 0) return;
    this.#waiting = this.#waiting.slice(batch.length);
    const candidates = batch.flatMap((waiting) => this.#candidatesOf(waiting));
    this.#busy = true;
    const arrivals = candidates.map(({ waiting: { group }, event }) => new AnyCopy(group, event));
    this.#parts.local.judge(arrivals, (verdicts, settle) => {
      const fresh = candidates.filter((_, i) => verdicts[i] === "new");
      if (fresh.length < candidates.length) this.#parts.onRepeated(candidates.length - fresh.length);
      this.#store(fresh, () => {
        settle?.();
        this.#waitingBytes -= bytes;
        this.#busy = false;
        this.#next();
      });
    });
  }

  #candidatesOf(waiting: Waiting): Candidate[] {
    const { group, own, heldMs } = waiting;
    const groups = own.groups.filter((name) => this.#parts.local.hasMember(name));
    if (!own.ungrouped && groups.length === 0) return this.#drop(group, group.events, "NO_MEMBER");
    const audience = { ungrouped: own.ungrouped, groups };
    return group.events.flatMap((event, index) => {
      if (isSystemRecord(event.record)) return this.#drop(group, [event], "TOPIC_RESERVED");
      if (isOver(event.record, heldMs)) return this.#drop(group, [event], "EXPIRED");
      return { waiting, event, entry: new RecordEntry(group, index, { frame: { heldMs }, audience }) };
    });
  }

  #store(fresh: readonly Candidate[], done: () => void): void {
    if (fresh.length === 0) return done();
    const { log, onArrived, onError } = this.#parts;
    log.commit(fresh.map(({ entry }) => entry), [], (error) => {
      if (error === undefined) onArrived(fresh.length);
      else {
        if (!(error instanceof StoreFullError)) onError(error);
        for (const { waiting: { group }, event } of fresh) this.#drop(group, [event], "NO_ROOM");
      }
      done();
    });
  }

  #drop(group: FrameGroup, events: readonly FrameEvent[], reason: DropReason): [] {
    this.#parts.onDropped({ ...group, events }, reason);
    return [];
  }
}

/**
 * In custody the numbers tell a copy of an event from another one of its source and id. Here nothing remembers numbers:
 * for the publish window it is as if it were another one, so that a copy is found as well.
 */
class AnyCopy extends ArrivedEvent {
  override readonly sequence = 0;
}
