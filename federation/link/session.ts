/** One neighbour over one bus: HELLO both ways, and whether the neighbour is there. Says so; what follows is decided elsewhere. */

import type { World } from "../world.ts";
import { decodeHello, encodeHello, type Hello } from "./codec/mod.ts";
import { type BeatNumbers, Heartbeat, LOOK_MS } from "./heartbeat.ts";
import type { LinkBus } from "./link_bus.ts";
import { LAG_MS_MAX } from "./loop_lag.ts";
import type { ControlKind, LinkSubjects } from "./subjects.ts";

export interface SessionParts {
  readonly world: World;
  readonly peer: string;
  readonly bus: LinkBus;
  readonly subjects: LinkSubjects;
  /** Shared by all sessions with that neighbour. */
  readonly beats?: BeatNumbers;
  /** What this side says of itself to that neighbour now. */
  readonly hello: () => Hello;
  /** Judges what the other says; a reason refuses it. */
  readonly judge: (hello: Hello) => { readonly code: string; readonly detail: string } | undefined;
  readonly onUp: (session: Session) => void;
  readonly onDown: (session: Session, reason: string) => void;
  /** The neighbour said something new of itself. */
  readonly onHello: (session: Session) => void;
  readonly onRefused: (session: Session, reason: { code: string; detail: string }) => void;
}

export type SessionState = "opening" | "up" | "down";

/** The whole HELLO is said again this often even if nothing changed: it is what a listener in the middle understands. */
const FULL_EVERY_MS = 10_000;
/** What a side says that takes the link down for silence; one that does not know it finds out by silence itself. */
const GIVEN_UP = "GIVEN_UP";
/** An opening that comes to nothing is told after this. */
const OPENING_MS = 5000;

export class Session {
  readonly peer: string;
  readonly bus: LinkBus;
  readonly #parts: SessionParts;
  readonly #heartbeat: Heartbeat;
  #state: SessionState = "opening";
  #theirs: Hello | undefined;
  #theirHash = 0;
  #saidHash = 0;
  #saidFullAt = -Infinity;
  #nextAt: number;
  #since: number;
  lastError: string | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.peer = parts.peer;
    this.bus = parts.bus;
    this.#heartbeat = new Heartbeat(parts.beats);
    this.#since = parts.world.now();
    this.#nextAt = this.#since;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Since when the state holds. */
  get since(): number {
    return this.#since;
  }

  /** When the neighbour was last heard. */
  get heardAt(): number {
    return this.#heartbeat.heardAt;
  }

  get rttMs(): number {
    return this.#heartbeat.rttMs;
  }

  /** What the neighbour last said of itself in full. */
  get theirs(): Hello | undefined {
    return this.#theirs;
  }

  /** To be called every `LOOK_MS`: says HELLO when it is time, and notices silence. `lateMs`: how late the call is. */
  tick(lateMs: number): void {
    if (this.#state === "down") return;
    const now = this.#parts.world.now();
    if (lateMs > 200) this.#heartbeat.forgive(lateMs);
    if (now >= this.#nextAt - LOOK_MS / 2) this.#say(now); // at the look that is nearest: the next one may be far too late
    // Whoever says that it is late is given that much more time.
    const graceMs = Math.min(LAG_MS_MAX, this.#theirs?.loopLagMs ?? 0);
    if (this.#state === "up" && this.#heartbeat.isDead(now - graceMs)) {
      const silentMs = Math.round(now - this.#heartbeat.heardAt);
      const heard = silentMs > this.#heartbeat.deadlineMs + graceMs;
      this.#giveUp(heard ? `no HELLO for ${silentMs} ms` : "the peer is heard but does not hear this node");
    }
    if (this.#state === "opening" && now - this.#since > OPENING_MS && this.lastError === undefined) {
      this.lastError = this.#theirs === undefined
        ? `no HELLO from "${this.peer}" over ${this.bus.name} for ${OPENING_MS} ms`
        : `"${this.peer}" is heard over ${this.bus.name} but does not hear this node`;
    }
  }

  /** Says HELLO in full at once: something changed that the neighbour should know. */
  hurry(): void {
    if (this.#state === "down") return;
    this.#saidHash = 0;
    this.#say(this.#parts.world.now());
  }

  /** The neighbour asks for the whole HELLO: until it has it, it does not take this side for heard. */
  sayMore(): void {
    this.hurry();
  }

  hear(payload: Uint8Array): void {
    if (this.#state === "down") return;
    const heard = decodeHello(payload);
    if (heard.type === "problem") return this.#refuse({ code: heard.problem, detail: heard.detail });
    const now = this.#parts.world.now();
    if (heard.type === "full") {
      const refusal = this.#parts.judge(heard.hello);
      if (refusal !== undefined) return this.#refuse(refusal);
      if (this.#isDown()) return; // another process speaks for the neighbour now
      if (heard.hello.reason?.code === GIVEN_UP) return this.#givenUp(heard.hello.reason.detail);
      this.#heartbeat.hear(heard.beat, now);
      this.#theirs = heard.hello;
      this.#theirHash = heard.beat.fullHash;
      this.#parts.onHello(this);
    } else if (heard.beat.fullHash === this.#theirHash) this.#heartbeat.hear(heard.beat, now);
    else this.send("hello", ASK_FULL); // whose it is shows in the whole one; another process's numbers would deafen this side
    if (this.#state === "opening" && this.#theirs !== undefined && this.#heartbeat.proven) this.#goUp(now);
    else if (this.#state === "opening" && heard.beat.echo === 0) this.#say(now); // it waits for an answer
  }

  #isDown(): boolean {
    return this.#state === "down";
  }

  send(kind: ControlKind, payload: Uint8Array): void {
    this.bus.publish(this.#parts.subjects.control(this.peer, kind), payload);
  }

  close(reason: string): void {
    if (this.#state === "down") return;
    const wasUp = this.#state === "up";
    this.#state = "down";
    this.#since = this.#parts.world.now();
    this.lastError = reason;
    if (wasUp) this.#parts.onDown(this, reason);
  }

  /** The other side may take the link for a good one for some time yet: it is told, once. */
  #giveUp(reason: string): void {
    const now = this.#parts.world.now();
    const hello = { ...this.#parts.hello(), reason: { code: GIVEN_UP, detail: reason } };
    this.send("hello", encodeHello(hello, { ...this.#heartbeat.next(now), sentAtMs: now >>> 0 }).full);
    this.close(reason);
  }

  /** An opening has nothing to end. */
  #givenUp(detail: string): void {
    if (this.#state === "up") this.close(`"${this.peer}" has given the link up: ${detail}`);
  }

  /** A client of the bus is gone: without one that listens for the neighbour nothing of it can come. */
  endUnheard(listens: (subject: string) => boolean): void {
    if (this.#state !== "up" || listens(this.#parts.subjects.control(this.peer, "hello"))) return;
    this.close(`the connection of "${this.peer}" has closed`);
  }

  #goUp(now: number): void {
    this.#state = "up";
    this.#since = now;
    this.lastError = undefined;
    this.#parts.onUp(this);
  }

  #refuse(reason: { code: string; detail: string }): void {
    this.lastError = `${reason.code}: ${reason.detail}`;
    this.#parts.onRefused(this, reason);
  }

  #say(now: number): void {
    const beat = { ...this.#heartbeat.next(now), sentAtMs: now >>> 0 };
    const encoded = encodeHello(this.#parts.hello(), beat);
    const { hash } = encoded;
    const whole = hash !== this.#saidHash || now - this.#saidFullAt > FULL_EVERY_MS || this.#state === "opening";
    if (whole) {
      this.#saidHash = hash;
      this.#saidFullAt = now;
    }
    this.send("hello", whole ? encoded.full : encoded.digest);
    this.#nextAt = now + this.#heartbeat.intervalMs;
  }
}

/** An empty HELLO asks for the whole one. */
export const ASK_FULL = new Uint8Array(0);
