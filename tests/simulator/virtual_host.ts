/** A machine with one process on it, which is killed, frozen and started again; each start is a boot of its own. */

import type { World } from "../../federation/mod.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimRandom } from "./sim_random.ts";
import type { Trace } from "./trace.ts";

/** A process from its start to its end. What was begun for it does not happen after its end. */
export class Boot {
  readonly host: VirtualHost;
  readonly number: number;
  #alive = true;
  readonly #endings: (() => void)[] = [];

  constructor(host: VirtualHost, number: number) {
    this.host = host;
    this.number = number;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Runs now; when the process wakes, if it is frozen; never, if it has ended. */
  run(work: () => void): void {
    if (!this.#alive) return;
    if (this.host.frozen) this.host.defer(work);
    else work();
  }

  onEnd(listener: () => void): void {
    this.#endings.push(listener);
  }

  end(): void {
    this.#alive = false;
    for (const listener of this.#endings) listener();
  }
}

export class VirtualHost {
  readonly name: string;
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  readonly #trace: Trace;
  #boot: Boot | undefined;
  #boots = 0;
  #frozen = false;
  /** Without power nothing answers, not even to say that nobody listens. */
  powered = true;
  #deferred: (() => void)[] = [];
  /** How far the clock runs ahead, in millionths. */
  readonly #driftPpm: number;
  readonly #startedAt: number;

  constructor(name: string, parts: { scheduler: Scheduler; random: SimRandom; trace: Trace }) {
    this.name = name;
    this.#scheduler = parts.scheduler;
    this.#random = parts.random;
    this.#trace = parts.trace;
    this.#driftPpm = this.#random.between(-200, 200);
    this.#startedAt = this.#random.below(1_000_000_000);
  }

  get boot(): Boot | undefined {
    return this.#boot;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get now(): number {
    return this.#scheduler.now;
  }

  start(): Boot {
    this.powered = true;
    this.#boot = new Boot(this, ++this.#boots);
    this.#trace.note("start", this.name, this.#boots);
    return this.#boot;
  }

  /** Kills the process; `powerLoss`: the machine too. */
  stop({ powerLoss }: { powerLoss: boolean }): void {
    const boot = this.#boot;
    if (boot === undefined) return;
    this.#trace.note(powerLoss ? "power loss" : "killed", this.name);
    this.powered = !powerLoss;
    this.#boot = undefined;
    this.#frozen = false;
    this.#deferred = [];
    boot.end();
  }

  freeze(): void {
    if (this.#boot === undefined || this.#frozen) return;
    this.#frozen = true;
    this.#trace.note("frozen", this.name);
  }

  wake(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#trace.note("awake", this.name);
    const boot = this.#boot!;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const work of deferred) this.#scheduler.after(0, () => boot.run(work));
  }

  defer(work: () => void): void {
    this.#deferred.push(work);
  }

  /** Does it for the present process only. */
  after(boot: Boot, delayUs: number, work: () => void): () => void {
    const entry = this.#scheduler.after(delayUs, () => boot.run(work));
    return () => this.#scheduler.cancel(entry);
  }

  /** Time as this machine's own clock has it, ms with fractions. */
  clockMs(): number {
    const ms = this.#scheduler.now / 1000;
    return this.#startedAt + ms + ms * this.#driftPpm / 1_000_000;
  }

  world(boot: Boot): World {
    const random = this.#random.fork();
    return {
      now: () => this.clockMs(),
      randomInteger: (bound) => random.below(bound),
      after: (delayMs, run) => this.#timer(boot, delayMs, run),
    };
  }

  #timer(boot: Boot, delayMs: number, run: () => void): () => void {
    let cancelled = false;
    // Never early by this machine's own clock: a caller that looks again must find that its time has come.
    const delayUs = delayMs <= 0 ? 0 : Math.ceil(delayMs * (1000 - this.#driftPpm / 1000)) + 1;
    const entry = this.#scheduler.after(delayUs, () =>
      boot.run(() => {
        if (cancelled) return; // after it was due, while the process was frozen
        this.#trace.note("timer", this.name);
        run();
      }));
    return () => {
      cancelled = true;
      this.#scheduler.cancel(entry);
    };
  }
}
