/** Decides when events are retired: by the rules every so often, and near the cap what nobody needs. */

import { EVERYTHING, type Needed } from "../needed_events.ts";
import type { ReclaimRequest, RetainRequest } from "./writer_protocol.ts";

/**
 * From the first share of the cap on, events that nobody needs are retired until the second is reached: early, so that
 * publishers at full speed do not get to the cap meanwhile, and many at a time, so that it is seldom to be thought of.
 */
const BEGIN_ABOVE = 0.9;
const END_BELOW = 0.85;

export interface RetirementParts {
  /** Has a step made by the thread that writes; whether there is more to retire. */
  readonly step: (request: RetainRequest | ReclaimRequest) => Promise<boolean>;
  /** Bytes in use now. */
  readonly usedBytes: () => number;
  /** Bytes that may be in use. */
  readonly usedBytesMax: number;
  readonly hasRules: boolean;
  /** The ageing clock. */
  readonly now: () => number;
  /** A step failed; it is tried again with the next `run()`. */
  readonly onError: (error: unknown) => void;
}

/** Works step by step, so that commits get in between. */
export class Retirement {
  readonly #parts: RetirementParts;
  #needed: () => readonly Needed[] = () => EVERYTHING;
  #running: Promise<void> | undefined;
  #reclaiming: Promise<void> | undefined;
  #exhausted = false;
  #stopped = false;

  constructor(parts: RetirementParts) {
    this.#parts = parts;
  }

  setNeeded(needed: (() => readonly Needed[]) | undefined): void {
    this.#needed = needed ?? (() => []);
  }

  needed(): readonly Needed[] {
    return this.#needed();
  }

  /** All that was left was needed when that was last looked at. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** What is to be done every so often. */
  run(): void {
    this.#exhausted = false; // subscriptions may have moved on
    this.#running ??= this.#applyRules()
      .catch(this.#parts.onError)
      .finally(() => this.#running = undefined);
    this.beginEarly();
  }

  /** Begins to make room, if it is time to. */
  beginEarly(): void {
    const { usedBytes, usedBytesMax, onError } = this.#parts;
    if (this.#exhausted || usedBytes() <= usedBytesMax * BEGIN_ABOVE) return;
    this.#reclaiming ??= this.#reclaim(usedBytesMax * END_BELOW, () => !this.#stopped)
      .catch(onError)
      .finally(() => this.#reclaiming = undefined);
  }

  /** Makes room for `bytes` more as far as that costs nobody an event; whether there is any room then. */
  async makeRoom(bytes: number): Promise<boolean> {
    const { usedBytes, usedBytesMax } = this.#parts;
    await this.#reclaim(usedBytesMax - bytes, () => true);
    return usedBytes() < usedBytesMax;
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#reclaiming;
  }

  async #applyRules(): Promise<void> {
    for (let more = this.#parts.hasRules; more && !this.#stopped;) {
      more = await this.#parts.step({ type: "retain", age: this.#parts.now(), needed: this.#needed() });
    }
  }

  async #reclaim(target: number, goesOn: () => boolean): Promise<void> {
    while (this.#parts.usedBytes() > target && goesOn()) {
      if (await this.#parts.step({ type: "reclaim", usedBytes: target, needed: this.#needed() })) continue;
      this.#exhausted = this.#parts.usedBytes() > target;
      return;
    }
  }
}
