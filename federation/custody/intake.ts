/**
 * Takes frames into custody: what arrived while a commit was under way becomes the next one, so that a commit holds many
 * frames. One commit stores the events, what is owed further on, the places of the lanes and the covered intervals; only
 * then are the frames acknowledged.
 */

import { type Appended, type AppendEntry, type StateChange, StoreFullError } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import {
  type Chain,
  CHAIN_START,
  chainEquals,
  decodeFrame,
  type Frame,
  type FrameGroup,
  type Lane,
} from "../link/codec/mod.ts";
import type { FrameAnswer } from "../link/publish_ack.ts";
import type { LocalCluster } from "../local_cluster.ts";
import { Arrivals } from "./arrivals.ts";
import type { Coverage, Coverages } from "./coverage.ts";
import { type Place, placeChange, Places } from "./places.ts";
import { custodyKey, encodeRuns } from "./run_document.ts";
import type { Run } from "./shipment.ts";

export interface IntakeParts {
  readonly self: string;
  readonly log: CustodyLog;
  readonly local: Pick<LocalCluster, "judge" | "hasMember">;
  readonly coverages: Coverages;
  readonly places: Places;
  /** Runs for other clusters are durable; their positions hold now. */
  readonly onForward: (runs: readonly Run[], document: { key: string; first: number; last: number }) => void;
  /** A mark for a custody document that no other has. */
  readonly newMark: () => string;
  /** Events that are durable here have come from a neighbour. */
  readonly onCrossed?: (peer: string, group: FrameGroup) => void;
  /** Coverage has grown and is durable. */
  readonly onCovered: (coverage: Coverage) => void;
  /** An origin sends again of an epoch that it had closed. */
  readonly onClosedAgain?: (origin: string, epoch: number) => void;
  readonly onRefused: (refused: { peer: string; code: string; detail: string }) => void;
  readonly onError: (error: unknown) => void;
}

interface WaitingFrame {
  readonly peer: string;
  readonly lane: Lane;
  readonly frame: Frame;
  readonly chain: Chain;
  readonly bytes: number;
  readonly answer: (answer: FrameAnswer) => void;
}

/** Frames that wait for the disk, over all links; past it a sender is told to wait. */
export const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** A commit takes no more than this, so that its answers do not come late. */
const COMMIT_BYTES_MAX = 4 * 1024 * 1024;
const COMMIT_FRAMES_MAX = 64;
/** Doors stop at 70 % of the store's cap; frames may go further the more hops they have behind them (design §5). */
const DOORS_PERMILLE = 700;
const OWN_PERMILLE = 995;
const TRANSIT_PERMILLE = 990;
/** A step is no smaller than a frame, or one frame would fill the room of several hops. */
const STEP_PERMILLE_MIN = 10;
const STEP_BYTES_MIN = 512 * 1024;

/** A neighbour that was told that there is no room asks again within 5 s: after this it has none to ask for. */
const HELD_UP_MS = 10_000;
const NO_ROOM =
  "the store is near its cap, and what is left is for events that have come further; raise store.maxBytes, let slow " +
  "subscriptions catch up, or delete those of nobody";

export class Intake {
  readonly #parts: IntakeParts;
  #waiting: WaitingFrame[] = [];
  #waitingBytes = 0;
  #busy = false;
  #heldUp: { readonly detail: string; readonly at: number } | undefined;
  readonly counts = { frames: 0, events: 0, delivered: 0, repeats: 0, rejected: 0, expired: 0, refused: 0, full: 0 };

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Bytes of frames that wait for a commit. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  receive(peer: string, lane: Lane, bytes: Uint8Array, answer: (answer: FrameAnswer) => void): void {
    const decoded = decodeFrame(bytes);
    if ("problem" in decoded) return this.#refuse(peer, decoded.problem, decoded.detail, answer);
    const { frame, chain } = decoded;
    const place = this.#parts.places.staged(peer, lane);
    if (frame.linkEpoch < place.linkEpoch) {
      return answer({ type: "wrongSequence", last: place.sequence, linkEpoch: place.linkEpoch });
    }
    const known = frame.linkEpoch === place.linkEpoch ? place : { sequence: 0, chain: CHAIN_START };
    if (frame.sequence <= known.sequence) return this.#repeat(peer, lane, frame, answer);
    if (frame.sequence > known.sequence + 1) {
      // Only what is durable may be told: what waits for the disk may never get there.
      const durable = this.#parts.places.durable(peer, lane);
      const last = durable.linkEpoch === frame.linkEpoch ? durable.sequence : 0;
      return answer({ type: "wrongSequence", last, linkEpoch: frame.linkEpoch });
    }
    if (!chainEquals(frame.previousChain, known.chain)) {
      return this.#refuse(peer, "CHAIN", `frame ${frame.sequence} does not continue the frames before it`, answer);
    }
    const liar = frame.groups.find(({ hops }) => hops.at(-1) !== peer);
    if (liar !== undefined) {
      return this.#refuse(
        peer,
        "HOPS_FORGED",
        `frame ${frame.sequence} says it comes from "${liar.hops.at(-1)}"`,
        answer,
      );
    }
    if (!this.#hasRoom(frame, bytes.length)) {
      if (this.#waitingBytes + bytes.length <= WAITING_BYTES_MAX) this.#noteHeldUp(peer, NO_ROOM);
      this.counts.full++;
      return answer({ type: "full", detail: `${this.#parts.self} has no room for frame ${frame.sequence} now` });
    }
    this.#parts.places.stage(peer, lane, { linkEpoch: frame.linkEpoch, sequence: frame.sequence, chain });
    this.#waiting.push({ peer, lane, frame, chain, bytes: bytes.length, answer });
    this.#waitingBytes += bytes.length;
    if (!this.#busy) this.#next();
  }

  /** Why neighbours wait with what they have for this cluster or beyond; `undefined`: none has been told to of late. */
  get heldUp(): string | undefined {
    const known = this.#heldUp;
    return known === undefined || this.#parts.log.now() - known.at > HELD_UP_MS ? undefined : known.detail;
  }

  #noteHeldUp(peer: string, why: string): void {
    const detail = `there is no room for what "${peer}" sends, which waits there: ${why}`;
    this.#heldUp = { detail, at: this.#parts.log.now() };
    this.#parts.onRefused({ peer, code: "NO_ROOM", detail });
  }

  /** A frame that is here already is acknowledged once it is durable. */
  #repeat(peer: string, lane: Lane, frame: Frame, answer: (answer: FrameAnswer) => void): void {
    const durable = this.#parts.places.durable(peer, lane);
    if (durable.linkEpoch === frame.linkEpoch && frame.sequence <= durable.sequence) {
      answer({ type: "accepted", sequence: durable.sequence });
    }
  }

  #refuse(peer: string, code: string, detail: string, answer: (answer: FrameAnswer) => void): void {
    this.counts.refused++;
    this.#parts.onRefused({ peer, code, detail });
    answer({ type: "refused", code, detail });
  }

  #hasRoom(frame: Frame, bytes: number): boolean {
    if (this.#waitingBytes + bytes > WAITING_BYTES_MAX) return false;
    const { self, log } = this.#parts;
    // What waits for the disk has its room already: else a burst would fill what is kept for events with more hops.
    const used = log.usedPermille() + this.#waitingBytes * 1000 / log.bytesMax;
    if (used < DOORS_PERMILLE) return true;
    const step = Math.max(STEP_PERMILLE_MIN, Math.ceil(STEP_BYTES_MIN * 1000 / log.bytesMax));
    return frame.groups.every(({ hops, destinations }) => {
      const own = destinations.length === 1 && destinations[0].cluster === self;
      return used < (own ? OWN_PERMILLE : Math.min(TRANSIT_PERMILLE, DOORS_PERMILLE + hops.length * step));
    });
  }

  #next(): void {
    const batch: WaitingFrame[] = [];
    let bytes = 0;
    while (this.#waiting.length > batch.length && batch.length < COMMIT_FRAMES_MAX && bytes < COMMIT_BYTES_MAX) {
      bytes += this.#waiting[batch.length].bytes;
      batch.push(this.#waiting[batch.length]);
    }
    if (batch.length === 0) return;
    this.#waiting = this.#waiting.slice(batch.length);
    this.#busy = true;
    const { self, coverages, local } = this.#parts;
    const arrivals = new Arrivals(self, coverages, {
      hasMember: (group) => local.hasMember(group),
      age: this.#parts.log.now(),
    });
    for (const { frame } of batch) arrivals.add(frame);
    const { candidates } = arrivals;
    if (candidates.length === 0) return this.#commit(batch, arrivals, bytes);
    local.judge(candidates, (verdicts, settle) => {
      arrivals.judged(verdicts);
      this.#commit(batch, arrivals, bytes, settle);
    });
  }

  #commit(batch: readonly WaitingFrame[], arrivals: Arrivals, bytes: number, settle = () => {}): void {
    const settled = arrivals.settle();
    const touched = new Map<string, Place & { peer: string; lane: Lane }>();
    for (const { peer, lane, frame, chain } of batch) {
      const place = { peer, lane, linkEpoch: frame.linkEpoch, sequence: frame.sequence, chain };
      touched.set(`${peer}/${lane}`, place);
    }
    const changes: StateChange[] = [...touched.values()].map(placeChange);
    for (const coverage of settled.coverages) changes.push(coverage.toChange());
    const mark = this.#parts.newMark();
    if (settled.runs.length > 0) {
      changes.push({ key: custodyKey(mark), value: encodeRuns(settled.runs, 0), atPosition: true });
    }
    this.#parts.coverages.stage(settled.coverages);
    this.#parts.log.commit(settled.entries as AppendEntry[], changes, (error, appended) => {
      this.#waitingBytes -= bytes;
      settle();
      if (error !== undefined) this.#failed(batch, error);
      else this.#stored(batch, arrivals, appended!, { places: [...touched.values()], mark });
      this.#busy = false;
      this.#next();
    });
  }

  #stored(
    batch: readonly WaitingFrame[],
    arrivals: Arrivals,
    { position }: Appended,
    { places, mark }: { places: readonly (Place & { peer: string; lane: Lane })[]; mark: string },
  ): void {
    const { entries, runs, counts } = arrivals.settle();
    const coverages = arrivals.apply();
    this.#parts.coverages.stage([]);
    this.counts.frames += batch.length;
    this.counts.events += entries.length;
    this.counts.delivered += counts.delivered;
    this.counts.repeats += counts.repeats;
    this.counts.rejected += counts.rejected;
    this.counts.expired += counts.expired;
    for (const { peer, lane, ...place } of places) this.#parts.places.settle(peer, lane, place);
    if (runs.length > 0) {
      const placed = runs.map((run) => ({ ...run, position: run.position + position }));
      const last = Math.max(position, position + entries.length - 1);
      this.#parts.onForward(placed, { key: custodyKey(mark, position), first: position, last });
    }
    for (const { frame, answer } of batch) answer({ type: "accepted", sequence: frame.sequence });
    for (const { peer, frame } of batch) for (const group of frame.groups) this.#parts.onCrossed?.(peer, group);
    for (const coverage of coverages) this.#parts.onCovered(coverage);
    for (const { origin, epoch } of arrivals.closed.values()) this.#parts.onClosedAgain?.(origin, epoch);
  }

  /** Nothing of it is durable: what is in memory goes back to what is, and what waits behind it is sent again later. */
  #failed(batch: readonly WaitingFrame[], error: unknown): void {
    this.#parts.places.unstage();
    this.#parts.coverages.stage([]);
    const full = error instanceof StoreFullError;
    if (!full) this.#parts.onError(error);
    const detail = full ? error.message : "the store of the receiver could not be written; see its log";
    const refused = [...batch, ...this.#waiting];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.counts.full += refused.length;
    if (full && refused.length > 0) this.#noteHeldUp(refused[0].peer, detail);
    const told = full ? `${this.#parts.self} has no room: ${detail}` : detail; // read elsewhere, where the store is another one
    for (const { answer } of refused) answer({ type: "full", detail: told });
  }
}
