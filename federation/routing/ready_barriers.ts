/** `ready=mesh`: waits until every cluster that could be reached has said that it knows a version of this one's interest. */

import type { Relay } from "../relay.ts";
import type { World } from "../world.ts";
import { EchoSender, ReadyBarrier } from "./interest/mod.ts";

export interface ReadyBarriersParts {
  readonly world: World;
  readonly self: string;
  readonly relay: Relay;
  readonly versionOf: (origin: string) => number;
  /** In which a cluster tells what it wants; a restart begins another one. */
  readonly epochOf: (origin: string) => number;
}

/** An echo is a message that may be lost: who waits for one asks for it after this, and again after twice as long … */
const ASK_MS_MIN = 300;
const ASK_MS_MAX = 2000;

export class ReadyBarriers {
  readonly #parts: ReadyBarriersParts;
  readonly #barriers = new Set<ReadyBarrier>();
  readonly #echoes: EchoSender;
  /** What each cluster has said that it knows. */
  readonly #known = new Map<string, number>();
  #reachable: ReadonlySet<string> = new Set();

  constructor(parts: ReadyBarriersParts) {
    this.#parts = parts;
    this.#echoes = new EchoSender(parts.world, (origin, version) => {
      parts.relay.send(origin, "echo", { version, epoch: parts.epochOf(origin) });
    });
    parts.relay.handle("echo", (from, body, answer) => {
      answer({ version: parts.versionOf(from), epoch: parts.epochOf(from) });
      this.#hear(from, body);
    });
  }

  /** More of another cluster's interest is known and durable here: it is told up to which version all of it is. */
  echo(origin: string): void {
    this.#echoes.note(origin, this.#parts.versionOf(origin));
  }

  /** `done` is called once: with the clusters that had not said so in time, mostly none. */
  wait(version: number, timeoutMs: number, done: (missing: readonly string[]) => void): void {
    const barrier = new ReadyBarrier(this.#parts.world, {
      version,
      timeoutMs,
      clusters: [...this.#reachable].filter((cluster) => cluster !== this.#parts.self),
      done: ({ missing }) => {
        this.#barriers.delete(barrier);
        cancelAsking();
        done(missing);
      },
    });
    this.#barriers.add(barrier);
    const cancelAsking = this.#askMissing(barrier);
    for (const [cluster, known] of this.#known) barrier.noteEcho(cluster, known);
  }

  noteReachable(reachable: ReadonlySet<string>): void {
    if (reachable === this.#reachable) return;
    for (const cluster of this.#reachable) {
      if (reachable.has(cluster)) continue;
      this.#known.delete(cluster);
      for (const barrier of [...this.#barriers]) barrier.noteUnreachable(cluster);
    }
    // The way back may have been missing when the echo was due.
    for (const cluster of reachable) {
      if (!this.#reachable.has(cluster)) this.#echoes.note(cluster, this.#parts.versionOf(cluster));
    }
    this.#reachable = reachable;
  }

  /** Answers how to stop it. */
  #askMissing(barrier: ReadyBarrier): () => void {
    const { world, relay } = this.#parts;
    let delayMs = ASK_MS_MIN;
    let cancel = (): void => {};
    const ask = (): void => {
      delayMs = Math.min(ASK_MS_MAX, delayMs * 2);
      cancel = world.after(delayMs, ask);
      for (const cluster of barrier.missing) {
        relay.ask(cluster, "echo", {}, delayMs, (body) => this.#hear(cluster, body));
      }
    };
    cancel = world.after(delayMs, ask);
    return () => cancel();
  }

  #hear(cluster: string, body: unknown): void {
    const { epochOf, self } = this.#parts;
    const { version, epoch } = (body ?? {}) as { version?: unknown; epoch?: unknown };
    // What was known of an earlier run says nothing of this one.
    if (typeof version === "number" && epoch === epochOf(self)) this.#heard(cluster, version);
  }

  #heard(cluster: string, version: number): void {
    this.#known.set(cluster, Math.max(version, this.#known.get(cluster) ?? 0));
    for (const barrier of [...this.#barriers]) barrier.noteEcho(cluster, version);
  }
}
