/** The clients with an open stream: wakes those that have something to get, keeps idle ones alive, ends all on drain. */

import { setImmediate } from "node:timers";

import type { DoorContext } from "../door_context.ts";

export interface LiveClient {
  /** Sends what there is, as far as there is room. */
  flush(): void;
  /** Called every 15 seconds. */
  keepAlive(): void;
  /** The node is stopping: no more will come. */
  end(): void;
}

const KEEP_ALIVE_MS = 15_000;

export class LiveClients {
  readonly #context: Pick<DoorContext, "clock" | "draining">;
  readonly #clients = new Set<LiveClient>();
  #woken: LiveClient[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(context: Pick<DoorContext, "clock" | "draining">) {
    this.#context = context;
    context.draining.addEventListener("abort", () => {
      for (const client of [...this.#clients]) client.end();
    });
  }

  add(client: LiveClient): void {
    this.#clients.add(client);
    if (this.#cancelTimer === undefined) this.#arm();
  }

  remove(client: LiveClient): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /**
   * Has `client.flush()` called in the next turn of the event loop, with all others that were woken: what comes until then
   * goes out in one write, which matters more than anything else here when a thousand clients listen.
   */
  wake(client: LiveClient): void {
    if (this.#woken.length === 0) setImmediate(() => this.#flush());
    this.#woken.push(client);
  }

  #flush(): void {
    const woken = this.#woken;
    this.#woken = [];
    for (const client of woken) client.flush();
  }

  #arm(): void {
    this.#cancelTimer = this.#context.clock.after(KEEP_ALIVE_MS, () => {
      for (const client of this.#clients) client.keepAlive();
      this.#arm();
    });
  }
}
