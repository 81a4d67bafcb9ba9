/** All neighbours of this cluster, over all buses: who is met, who is refused and why, which links are up. */

import type { BestEffort } from "../best_effort/best_effort.ts";
import type { Intake } from "../custody/intake.ts";
import type { Places } from "../custody/places.ts";
import type { World } from "../world.ts";
import { AttachedBus } from "./attached_bus.ts";
import {
  BEST_EFFORT,
  type Congested,
  decodeMeet,
  encodeMeet,
  type Hello,
  judgeHello,
  type Lane,
  LANES,
  type Meet,
} from "./codec/mod.ts";
import { LOOK_MS } from "./heartbeat.ts";
import type { BusMessage, LinkBus } from "./link_bus.ts";
import type { SenderNotice } from "./lane_sender.ts";
import { LoopLag } from "./loop_lag.ts";
import { Neighbour, type NeighbourParts } from "./neighbour.ts";
import { OwnHellos } from "./own_hellos.ts";
import { Peers } from "./peers.ts";
import { encodeAnswer } from "./publish_ack.ts";
import { ReceiveCredit } from "./receive_credit.ts";
import { decodeRefusal, encodeRefusal, type Refusal } from "./refusal.ts";
import { Session } from "./session.ts";
import { type Stranger, Strangers } from "./strangers.ts";
import { LinkSubjects } from "./subjects.ts";

export interface LinksParts {
  readonly world: World;
  readonly identity: Meet;
  readonly ackAfterSync: boolean;
  readonly places: Places;
  readonly intake: Intake;
  readonly bestEffort: Pick<BestEffort, "receive" | "received">;
  readonly neighbour: Omit<NeighbourParts, "peer" | "self" | "subjects" | "newLinkEpoch" | "onNotice" | "world">;
  /** Hash of the record database, 16 hex digits. */
  readonly root: () => string;
  readonly onUp: (neighbour: Neighbour) => void;
  /** In the tick in which the link is declared down: what it carried waits to be dispatched anew. */
  readonly onDown: (neighbour: Neighbour, reason: string) => void;
  readonly onHello: (neighbour: Neighbour, hello: Hello) => void;
  readonly onControl: (peer: string, kind: string, payload: Uint8Array) => void;
  readonly onNotice: (notice: LinkNotice) => void;
  /** A reason to refuse a process that the mesh knows, and not a neighbour: another one goes before it. */
  readonly judgeByMesh?: (them: Meet) => { readonly code: string; readonly detail: string } | undefined;
}

/** What an operator should know of a link. Stable codes. */
export interface LinkNotice {
  readonly code: string;
  readonly detail: string;
  /** Cluster, where it is known. */
  readonly peer?: string;
  readonly bus?: string;
}

const MEET_REPLY_MS = 200;
/** A reason that is told again at once would fill the log. */
const NOTICE_EVERY_MS = 10_000;

/** A neighbour that says so in HELLO goes as planned, and is not to be waited for. */
const LEAVING = "LEAVING";

export class Links {
  readonly #parts: LinksParts;
  readonly #subjects: LinkSubjects;
  readonly #buses = new Map<LinkBus, AttachedBus>();
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #peers: Peers;
  readonly #hellos = new OwnHellos();
  readonly #credit = new ReceiveCredit();
  readonly #lag = new LoopLag();
  readonly #strangers = new Strangers();
  readonly #told = new Map<string, number>();
  #epochs: number;
  #expectedTick = 0;
  #cancel: (() => void) | undefined;
  #leaving = false;
  /** What is said to neighbours for good-bye. */
  #farewell: Hello["reason"];
  /** Congested destinations that are told to the neighbours. */
  congested: Congested = { congested: [] };

  constructor(parts: LinksParts) {
    this.#parts = parts;
    const { federation, cluster, epoch } = parts.identity;
    this.#subjects = new LinkSubjects(federation, cluster);
    this.#peers = new Peers(parts.identity);
    this.#epochs = Math.floor(epoch / 2 ** 32) * 2 ** 20;
    this.#schedule();
  }

  get neighbours(): ReadonlyMap<string, Neighbour> {
    return this.#neighbours;
  }

  /** Why the other side of a bus refused this node, or this node it. */
  refusalOn(bus: LinkBus): Refusal | undefined {
    return this.#buses.get(bus)?.refusal;
  }

  /** Who was turned away of late, and who turned this node away. */
  get strangers(): readonly Stranger[] {
    return this.#strangers.list(this.#parts.world.now());
  }

  /** The endpoint let somebody at an address not in as a node, before it could be met. */
  noteTurnedAway(address: string, detail: string): void {
    const code = "TOKEN_REFUSED";
    const at = this.#parts.world.now();
    const whose = `${detail} (it came from ${address})`;
    this.#strangers.note(address, { code, detail: whose, busName: "own endpoint", dialled: false, url: undefined, at });
    this.#tell({ code, detail, bus: address });
  }

  /** Where a neighbour said that it can be dialled. */
  urlOf(peer: string): string | undefined {
    return this.#peers.urlOf(peer);
  }

  /** Whether a cluster was met on a bus and the link over it is up. */
  isLinked(bus: LinkBus): boolean {
    return this.#buses.get(bus)?.linked === true;
  }

  /** Meets whoever is on the bus, until it closes. */
  attach(bus: LinkBus): void {
    const attached = new AttachedBus(bus, this.#parts.world.now());
    this.#buses.set(bus, attached);
    const { federation, instance } = this.#parts.identity;
    const on = (pattern: string, listener: (message: BusMessage) => void): void => {
      attached.detach.push(bus.subscribe(pattern, listener));
    };
    on(this.#subjects.meetAny, (message) => this.#met(attached, message));
    on(this.#subjects.refusal(federation, instance), (message) => this.#refused(attached, message));
    on(this.#subjects.controlToSelf, (message) => this.#controlled(attached, message));
    on(this.#subjects.framesToSelf, (message) => this.#framed(attached, message));
    bus.onClosed((reason) => this.#detach(attached, reason));
    bus.onClientGone?.((listens) => [...attached.sessions.values()].forEach((session) => session.endUnheard(listens)));
    if (bus.dialled) this.#meet(attached);
  }

  send(peer: string, kind: "db" | "relay", payload: Uint8Array): void {
    this.#neighbours.get(peer)?.active?.send(kind, payload);
  }

  pump(peer: string, lane: Lane): void {
    this.#neighbours.get(peer)?.pump(lane);
  }

  /** Takes no more frames and meets nobody any more: this node is about to leave. */
  beginLeaving(): void {
    this.#leaving = true;
  }

  /** Tells every neighbour that this node goes as planned: in that moment they take the link down. */
  sayFarewell(detail: string): void {
    this.#farewell = { code: LEAVING, detail };
    for (const { sessions } of this.#buses.values()) for (const session of sessions.values()) session.hurry();
  }

  /** Ends the link with a process that may not speak for its cluster, which is told why. */
  quarantine(peer: string, reason: { readonly code: string; readonly detail: string }): void {
    for (const session of [...this.#neighbours.get(peer)?.sessions ?? []]) {
      const attached = this.#buses.get(session.bus);
      if (attached === undefined || session.theirs === undefined) continue;
      attached.sessions.delete(peer);
      this.#refuse(attached, session.theirs, reason);
      this.#end(session, `${reason.code}: ${reason.detail}`);
    }
  }

  /** Closes every session, with the reason that the neighbours' logs will show. */
  stop(reason: string): void {
    this.#cancel?.();
    for (const attached of [...this.#buses.values()]) this.#detach(attached, reason);
  }

  #met(attached: AttachedBus, { payload }: BusMessage): void {
    if (this.#leaving) return;
    const meet = decodeMeet(payload);
    if ("problem" in meet) return this.#tell({ code: meet.problem, detail: meet.detail, bus: attached.bus.name });
    const { identity } = this.#parts;
    if (meet.meet.instance === identity.instance) return this.#metSelf(attached);
    const reason = judgeHello(identity, meet.meet) ?? this.#judgePeer(meet.meet);
    if (reason !== undefined) return this.#refuse(attached, meet.meet, reason);
    this.#supersede(meet.meet);
    const session = this.#session(attached, meet.meet.cluster);
    if (session.state !== "opening") return;
    if (this.#parts.world.now() - attached.metAt >= MEET_REPLY_MS) this.#meet(attached); // it has to know this side as well
    session.hurry();
  }

  /** This node is on the bus with another client of its own: that one is told, so that its URL is known to be of no use. */
  #metSelf({ bus }: AttachedBus): void {
    const { identity } = this.#parts;
    const detail = "the address leads to this very node; take it out of the join list or the registry";
    bus.publish(
      this.#subjects.refusal(identity.federation, identity.instance),
      encodeRefusal({ code: "SELF", detail, ...identity }),
    );
  }

  #refused(attached: AttachedBus, { payload }: BusMessage): void {
    const refusal = decodeRefusal(payload);
    if (refusal === undefined) return;
    attached.refusal = refusal;
    const session = attached.sessions.get(refusal.cluster);
    if (session !== undefined) {
      attached.sessions.delete(refusal.cluster);
      this.#end(session, `${refusal.code}: ${refusal.detail}`);
    }
    const neighbour = this.#neighbours.get(refusal.cluster);
    if (neighbour !== undefined && !neighbour.up) neighbour.lastError = `${refusal.code}: ${refusal.detail}`;
    const { code, detail: reason, cluster: peer } = refusal;
    const detail = `"${peer}" refused this node: ${reason}`;
    this.#noteStranger(attached.bus, refusal, { code, detail });
    this.#tell({ code, detail, peer, bus: attached.bus.name });
  }

  #refuse(attached: AttachedBus, them: Meet, reason: { code: string; detail: string }): void {
    const { identity } = this.#parts;
    attached.refusal = { ...reason, federation: them.federation, cluster: them.cluster, node: them.node };
    attached.bus.publish(
      this.#subjects.refusal(them.federation, them.instance),
      encodeRefusal({ ...reason, ...identity }),
    );
    this.#noteStranger(attached.bus, them, reason);
    this.#tell({ ...reason, peer: them.cluster, bus: attached.bus.name });
  }

  #noteStranger(
    { name: busName, dialled }: LinkBus,
    them: Pick<Meet, "cluster" | "node" | "url">,
    reason: { readonly code: string; readonly detail: string },
  ): void {
    const at = this.#parts.world.now();
    this.#strangers.note(keyOf(busName, them), { ...reason, busName, dialled, url: them.url, at });
  }

  /** A cluster that comes back as another process replaces the one before it at once: a fast restart is no duplicate. */
  #supersede(them: Meet): void {
    if (!this.#peers.note(them)) return;
    for (const attached of this.#buses.values()) {
      const session = attached.sessions.get(them.cluster);
      if (session === undefined) continue;
      attached.sessions.delete(them.cluster);
      this.#end(session, `"${them.cluster}" has started anew`);
    }
  }

  #controlled(attached: AttachedBus, { subject, payload }: BusMessage): void {
    const { from, kind } = this.#subjects.parseControl(subject);
    if (kind === "hello") return this.#hello(attached, from, payload);
    const session = attached.sessions.get(from);
    if (session?.state === "up") this.#parts.onControl(from, kind, payload);
  }

  #hello(attached: AttachedBus, from: string, payload: Uint8Array): void {
    const session = attached.sessions.get(from);
    if (session === undefined) {
      // The neighbour has not noticed that the session ended here: it is met anew, now and once it has.
      return attached.seek(this.#parts.world.now());
    }
    if (payload.length === 0) return session.sayMore();
    session.hear(payload);
  }

  #framed(attached: AttachedBus, { subject, payload, respond }: BusMessage): void {
    const { from, lane } = this.#subjects.parseFrames(subject);
    const session = attached.sessions.get(from);
    if (session?.theirs === undefined) return;
    if (lane === BEST_EFFORT) return this.#parts.bestEffort.receive(from, payload);
    if (respond === undefined || this.#leaving) return;
    if (!LANES.includes(lane as Lane)) {
      return respond(encodeAnswer({ type: "refused", code: "LANE_UNKNOWN", detail: `there is no lane "${lane}"` }));
    }
    this.#parts.intake.receive(from, lane as Lane, payload, (answer) => respond(encodeAnswer(answer)));
  }

  #session(attached: AttachedBus, peer: string): Session {
    const before = attached.sessions.get(peer);
    if (before !== undefined && before.state !== "down") return before;
    const neighbour = this.#neighbour(peer);
    const session = new Session({
      world: this.#parts.world,
      peer,
      bus: attached.bus,
      subjects: this.#subjects,
      beats: neighbour.beats,
      hello: () => this.#helloTo(neighbour),
      judge: (hello) => this.#judge(attached, hello),
      onUp: (up) => {
        attached.missing.delete(peer);
        this.#sessionUp(neighbour, up);
      },
      onDown: (down, reason) => {
        if (attached.sessions.get(peer) === down) attached.sessions.delete(peer);
        attached.missing.add(peer);
        attached.seek(this.#parts.world.now());
        this.#sessionDown(neighbour, down, reason);
      },
      onHello: ({ theirs }) => theirs !== undefined && this.#heard(neighbour, theirs),
      onRefused: (_, reason) => this.#tell({ ...reason, peer, bus: attached.bus.name }),
    });
    attached.sessions.set(peer, session);
    neighbour.add(session);
    return session;
  }

  #heard(neighbour: Neighbour, hello: Hello): void {
    neighbour.setCredit(hello.creditBytes);
    if (hello.reason?.code !== LEAVING) return this.#parts.onHello(neighbour, hello);
    neighbour.left = true;
    const { active, peer } = neighbour;
    // The one that carries the frames last: nothing is to move over to one that ends as well.
    for (const session of [...neighbour.sessions].sort((a, b) => Number(a === active) - Number(b === active))) {
      this.#buses.get(session.bus)?.sessions.delete(peer);
      this.#end(session, `"${peer}" has left: ${hello.reason.detail}`);
    }
  }

  #judge(attached: AttachedBus, hello: Hello): { code: string; detail: string } | undefined {
    const reason = judgeHello(this.#parts.identity, hello) ?? this.#judgePeer(hello);
    if (reason !== undefined) this.#refuse(attached, hello, reason);
    else this.#supersede(hello);
    return reason;
  }

  #judgePeer(them: Meet): { code: string; detail: string } | undefined {
    return this.#peers.judge(them, this.#isThere) ?? this.#parts.judgeByMesh?.(them);
  }

  /** Linked, or heard within so many ms, or about to be. */
  readonly #isThere = (cluster: string, withinMs: number): boolean => {
    const neighbour = this.#neighbours.get(cluster);
    if (neighbour === undefined || neighbour.up || neighbour.left) return neighbour?.up === true;
    return this.#parts.world.now() - Math.max(neighbour.since, neighbour.heardAt ?? 0) < withinMs;
  };

  #neighbour(peer: string): Neighbour {
    let neighbour = this.#neighbours.get(peer);
    if (neighbour !== undefined) return neighbour;
    neighbour = new Neighbour({
      ...this.#parts.neighbour,
      world: this.#parts.world,
      self: this.#parts.identity.cluster,
      peer,
      subjects: this.#subjects,
      newLinkEpoch: (atLeast) => this.#epochs = Math.max(this.#epochs, atLeast) + 1,
      onNotice: (notice) => this.#noticed(notice),
    });
    this.#neighbours.set(peer, neighbour);
    return neighbour;
  }

  #noticed({ code, detail, peer, fatal, atLeast = 0 }: SenderNotice & { peer: string }): void {
    this.#tell({ code, detail, peer });
    const neighbour = this.#neighbours.get(peer)!;
    if (!fatal || !neighbour.up) return;
    const theirs = neighbour.active?.theirs;
    neighbour.closeEpoch();
    // A refusal that repeats must not become a busy loop.
    this.#parts.world.after(
      HOLD_OFF_MS,
      () => neighbour.up && neighbour.openEpoch(Math.max(atLeast, highestEpoch(theirs))),
    );
  }

  #sessionUp(neighbour: Neighbour, session: Session): void {
    if (!neighbour.sessionUp(session)) return;
    if (session.theirs !== undefined) this.#strangers.forget(keyOf(session.bus.name, session.theirs));
    neighbour.openEpoch(highestEpoch(session.theirs));
    this.#parts.onUp(neighbour);
  }

  #sessionDown(neighbour: Neighbour, session: Session, reason: string): void {
    const change = neighbour.sessionDown(session, reason);
    if (change === "unchanged") return;
    neighbour.closeEpoch();
    if (change === "down") this.#parts.onDown(neighbour, reason);
    if (change === "moved") neighbour.openEpoch(highestEpoch(neighbour.active?.theirs), { samePeer: true });
  }

  #end(session: Session, reason: string): void {
    const wasUp = session.state === "up";
    session.close(reason);
    if (!wasUp) this.#neighbours.get(session.peer)?.sessionDown(session, reason);
  }

  #detach(attached: AttachedBus, reason: string): void {
    if (!this.#buses.delete(attached.bus)) return;
    for (const stop of attached.detach) stop();
    for (const session of [...attached.sessions.values()]) this.#end(session, reason);
    attached.bus.close();
  }

  #meet(attached: AttachedBus): void {
    attached.bus.publish(this.#subjects.meet, encodeMeet(this.#parts.identity));
    attached.met(this.#parts.world.now());
  }

  #helloTo(neighbour: Neighbour): Hello {
    const creditBytes = this.#credit.of(this.#neighbours.values());
    const told = { congested: this.congested, creditBytes, loopLagMs: this.#lag.ms, reason: this.#farewell };
    return this.#hellos.to(neighbour, { ...this.#parts, ...told, root: this.#parts.root() });
  }

  #schedule(): void {
    const { world } = this.#parts;
    this.#expectedTick = world.now() + LOOK_MS;
    this.#cancel = world.after(LOOK_MS, () => {
      this.#tick(world.now() - this.#expectedTick);
      this.#schedule();
    });
  }

  #tick(lateMs: number): void {
    const now = this.#parts.world.now();
    this.#lag.note(lateMs, now);
    for (const attached of [...this.#buses.values()]) {
      for (const session of [...attached.sessions.values()]) session.tick(lateMs);
      if (attached.isDue(now) && !this.#leaving) this.#meet(attached);
    }
    for (const neighbour of this.#neighbours.values()) neighbour.tick();
  }

  #tell(notice: LinkNotice): void {
    const key = `${notice.code}/${notice.peer}/${notice.bus}`;
    const now = this.#parts.world.now();
    if (now - (this.#told.get(key) ?? -Infinity) < NOTICE_EVERY_MS) return;
    this.#told.set(key, now);
    this.#parts.onNotice(notice);
  }
}

const HOLD_OFF_MS = 1000;

function keyOf(busName: string, { cluster, node }: Pick<Meet, "cluster" | "node">): string {
  return `${busName} ${cluster} ${node}`;
}

function highestEpoch(theirs: Hello | undefined): number {
  return Math.max(0, ...LANES.map((lane) => theirs?.received[lane]?.linkEpoch ?? 0));
}
