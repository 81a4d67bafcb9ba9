/** The link to one neighbouring cluster: up while at least one session is, and what is sent over it, lane by lane. */

import type { Custody } from "../custody/custody.ts";
import type { EventReader } from "../custody/event_reader.ts";
import type { Shipment } from "../custody/shipment.ts";
import type { OpenLink } from "../best_effort/outflow.ts";
import type { Speaker } from "../routing/paths/mod.ts";
import type { World } from "../world.ts";
import { BEST_EFFORT, type Lane, LANES } from "./codec/mod.ts";
import type { BeatNumbers } from "./heartbeat.ts";
import { LaneSender, type SenderNotice } from "./lane_sender.ts";
import type { Credit } from "./receive_credit.ts";
import type { Session } from "./session.ts";
import type { LinkSubjects } from "./subjects.ts";

export interface NeighbourParts {
  readonly world: World;
  readonly self: string;
  readonly peer: string;
  readonly subjects: LinkSubjects;
  readonly custody: Custody;
  readonly reader: EventReader;
  readonly age: () => number;
  /** A link epoch that is larger than any before. */
  readonly newLinkEpoch: (atLeast: number) => number;
  readonly onHandedOver: (peer: string, shipments: readonly Shipment[]) => void;
  readonly onNotice: (notice: SenderNotice & { peer: string; lane: Lane }) => void;
}

/** Lanes of events; control messages have no frames. */
const EVENT_LANES: readonly Lane[] = LANES.filter((lane) => lane !== "control");
/** Twice the default sync interval of JetStream would be 4 minutes; never less than this (design, "regret window"). */
const REGRET_MS = 300_000;

export class Neighbour {
  readonly peer: string;
  /** Numbers of the hellos to it. */
  readonly beats: BeatNumbers = { last: 0 };
  readonly #parts: NeighbourParts;
  readonly #sessions = new Set<Session>();
  readonly #senders = new Map<Lane, LaneSender>();
  #active: Session | undefined;
  #linkEpoch = 0;
  #since: number;
  #heardAt: number | undefined;
  /** Times that the link went down. */
  downs = 0;
  /** It went as planned, and said so; until it is back. */
  left = false;
  #lastError: { readonly text: string; readonly at: number } | undefined;

  constructor(parts: NeighbourParts) {
    this.#parts = parts;
    this.peer = parts.peer;
    this.#since = parts.world.now();
    for (const lane of EVENT_LANES) this.#senders.set(lane, this.#createSender(lane));
  }

  get up(): boolean {
    return this.#active !== undefined;
  }

  get active(): Session | undefined {
    return this.#active;
  }

  /** The process of it that is there. */
  get speaker(): Speaker | undefined {
    const theirs = this.#active?.theirs;
    return theirs && { epoch: theirs.epoch, instance: theirs.instance };
  }

  get since(): number {
    return this.#since;
  }

  /** When it was last heard, over whichever session; `undefined`: never. */
  get heardAt(): number | undefined {
    const heard = [...this.#sessions].flatMap(({ theirs, heardAt }) => theirs === undefined ? [] : [heardAt]);
    return this.#heardAt === undefined && heard.length === 0 ? undefined : Math.max(this.#heardAt ?? 0, ...heard);
  }

  /** What went wrong last, since it came up last. */
  get lastError(): string | undefined {
    return this.#lastError?.text;
  }

  set lastError(text: string | undefined) {
    this.#lastError = text === undefined ? undefined : { text, at: this.#parts.world.now() };
  }

  /** When that was. */
  get lastErrorAt(): number | undefined {
    return this.#lastError?.at;
  }

  get linkEpoch(): number {
    return this.#linkEpoch;
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  get senders(): ReadonlyMap<Lane, LaneSender> {
    return this.#senders;
  }

  add(session: Session): void {
    this.#sessions.add(session);
  }

  /** A session came up; answers whether the link did. */
  sessionUp(session: Session): boolean {
    if (this.#active !== undefined) return false;
    this.#since = this.#parts.world.now();
    this.lastError = undefined;
    this.left = false;
    this.#active = session;
    return true;
  }

  /** A session went down or away; answers whether the link did. Its epoch is not closed yet: see `closeEpoch()`. */
  sessionDown(session: Session, reason: string): "down" | "moved" | "unchanged" {
    this.#heardAt = this.heardAt;
    this.#sessions.delete(session);
    if (this.#active !== session) return "unchanged";
    this.#active = [...this.#sessions].find(({ state }) => state === "up");
    if (this.#active !== undefined) return "moved";
    this.#since = this.#parts.world.now();
    this.lastError = reason;
    this.downs++;
    return "down";
  }

  /** Begins a link epoch over the active session. `samePeer`: another session of the same process was active before. */
  openEpoch(atLeast = 0, { samePeer = false }: { samePeer?: boolean } = {}): void {
    const theirs = this.#active?.theirs;
    if (theirs === undefined) return;
    this.#linkEpoch = this.#parts.newLinkEpoch(Math.max(atLeast, this.#linkEpoch));
    const regretMs = theirs.ackAfterSync ? 0 : REGRET_MS;
    for (const [lane, sender] of this.#senders) {
      sender.open(this.#linkEpoch, { received: theirs.received[lane], regretMs, samePeer });
    }
    this.#active?.hurry();
  }

  /** What the neighbour takes at once, by lane. */
  setCredit(credit: Credit): void {
    for (const [lane, sender] of this.#senders) sender.setCredit(credit[lane]);
  }

  /** What was not acknowledged is dispatched anew. */
  closeEpoch(): void {
    for (const sender of this.#senders.values()) sender.close();
  }

  /** The link for what is not in custody, as it is now; `undefined` while it is down. */
  get open(): OpenLink | undefined {
    const bus = this.#active?.bus;
    if (bus === undefined) return undefined;
    const { bufferedBytes, payloadBytesMax } = bus;
    const subject = this.#parts.subjects.frames(this.peer, BEST_EFFORT);
    return {
      linkEpoch: this.#linkEpoch,
      bufferedBytes,
      payloadBytesMax,
      publish: (frame) => bus.publish(subject, frame),
    };
  }

  pump(lane: Lane): void {
    this.#senders.get(lane)?.pump();
  }

  tick(): void {
    for (const sender of this.#senders.values()) sender.trimRegret();
  }

  #createSender(lane: Lane): LaneSender {
    const { world, self, peer, subjects, custody, reader, age, onHandedOver, onNotice } = this.#parts;
    return new LaneSender({
      world,
      self,
      peer,
      lane,
      reader,
      newLinkEpoch: () => this.#parts.newLinkEpoch(this.#linkEpoch),
      age,
      queue: custody.queueOf(peer, lane),
      request: (frame, sequence, done) => {
        const expectedLastSequence = sequence - 1;
        this.#active?.bus.request(subjects.frames(peer, lane), frame, { expectedLastSequence }, done);
      },
      buffered: () => this.#active?.bus.bufferedBytes ?? 0,
      release: (shipments) => {
        onHandedOver(peer, shipments);
        custody.release(shipments);
      },
      takeBack: (shipments) => custody.takeBack(peer, lane, shipments),
      onNotice: (notice) => {
        this.lastError = `${notice.code}: ${notice.detail}`;
        onNotice({ ...notice, peer, lane });
      },
    });
  }
}
