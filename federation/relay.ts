/**
 * Small messages to any cluster, hop by hop along the routes, over the control connections. Nothing keeps them: who sends
 * one that matters sends it again until it is answered.
 */

import { HOPS_MAX } from "./next_hop.ts";
import { CLUSTERS_MAX } from "./routing/paths/mod.ts";
import type { World } from "./world.ts";

export interface RelayParts {
  readonly world: World;
  readonly self: string;
  readonly nextHop: (destination: string) => string | undefined;
  /** Sends over the link to a neighbour; may be lost. */
  readonly send: (peer: string, payload: Uint8Array) => void;
}

interface Message {
  readonly to: string;
  readonly from: string;
  readonly kind: string;
  readonly hops: number;
  /** Of a question, for its answer. */
  readonly id?: number;
  /** The question that this answers. */
  readonly re?: number;
  readonly body: unknown;
}

/** Answers a question: with a body, now or later. */
export type RelayHandler = (from: string, body: unknown, answer: (body: unknown) => void) => void;

/** Questions without an answer at a time. */
const QUESTIONS_MAX = 1024;
/** A message at most; answers that are larger are cut by who gives them. */
const MESSAGE_BYTES_MAX = 512 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Relay {
  readonly #parts: RelayParts;
  readonly #handlers = new Map<string, RelayHandler>();
  readonly #questions = new Map<number, (body: unknown) => void>();
  /** When the last message of each cluster came, ms on the monotonic clock. */
  readonly #heard = new Map<string, number>();
  #nextId = 1;
  readonly counts = { sent: 0, forwarded: 0, dropped: 0 };

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** When a message of a cluster last came here; `undefined`: none has. */
  heardAt(cluster: string): number | undefined {
    return this.#heard.get(cluster);
  }

  handle(kind: string, handler: RelayHandler): void {
    this.#handlers.set(kind, handler);
  }

  /** False when there is no path now. */
  send(to: string, kind: string, body: unknown): boolean {
    return this.#dispatch({ to, from: this.#parts.self, kind, hops: 0, body });
  }

  /** Asks another cluster; `done` is called once, with `undefined` when no answer came in time. */
  ask(to: string, kind: string, body: unknown, timeoutMs: number, done: (answer: unknown) => void): void {
    if (this.#questions.size >= QUESTIONS_MAX) return done(undefined);
    const id = this.#nextId++;
    const end = (answer: unknown): void => {
      if (!this.#questions.delete(id)) return;
      cancel();
      done(answer);
    };
    const cancel = this.#parts.world.after(timeoutMs, () => end(undefined));
    this.#questions.set(id, end);
    if (!this.#dispatch({ to, from: this.#parts.self, kind, hops: 0, id, body })) end(undefined);
  }

  receive(peer: string, payload: Uint8Array): void {
    const message = parse(payload);
    if (message === undefined) {
      this.counts.dropped++;
      return;
    }
    if (message.to === this.#parts.self) {
      this.#noteHeard(message.from);
      return this.#deliver(message);
    }
    const hop = this.#parts.nextHop(message.to);
    if (hop === undefined || hop === peer || message.hops >= HOPS_MAX) {
      this.counts.dropped++;
      return;
    }
    this.counts.forwarded++;
    this.#parts.send(hop, encoder.encode(JSON.stringify({ ...message, hops: message.hops + 1 })));
  }

  #noteHeard(from: string): void {
    this.#heard.delete(from);
    this.#heard.set(from, this.#parts.world.now());
    if (this.#heard.size > CLUSTERS_MAX) this.#heard.delete(this.#heard.keys().next().value!);
  }

  #dispatch(message: Message): boolean {
    this.counts.sent++;
    if (message.to === this.#parts.self) {
      this.#deliver(message);
      return true;
    }
    const hop = this.#parts.nextHop(message.to);
    if (hop === undefined) return false;
    this.#parts.send(hop, encoder.encode(JSON.stringify(message)));
    return true;
  }

  #deliver({ from, kind, body, id, re }: Message): void {
    if (re !== undefined) return this.#questions.get(re)?.(body);
    const answer = (reply: unknown): void => {
      if (id === undefined) return;
      this.#dispatch({ to: from, from: this.#parts.self, kind: `${kind}-answer`, hops: 0, re: id, body: reply });
    };
    this.#handlers.get(kind)?.(from, body, answer);
  }
}

function parse(payload: Uint8Array): Message | undefined {
  if (payload.length > MESSAGE_BYTES_MAX) return undefined;
  try {
    const json = JSON.parse(decoder.decode(payload));
    const { to, from, kind, hops, id, re } = json ?? {};
    const sound = typeof to === "string" && typeof from === "string" && typeof kind === "string" && isCount(hops) &&
      (id === undefined || isCount(id)) && (re === undefined || isCount(re));
    return sound ? json : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
