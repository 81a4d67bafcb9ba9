/** Gathers what became ready in one turn of the event loop, so that it leaves in one write per client. */

import { setImmediate } from "node:timers";

export interface Wakeable {
  /** Sends what there is, as far as there is room. Must not throw. */
  flush(): void;
}

export class Waker {
  #woken: Wakeable[] = [];

  /** Has `flush()` called in the next turn; calling this again before is for the caller to avoid. */
  wake(subscription: Wakeable): void {
    if (this.#woken.length === 0) setImmediate(() => this.#flush());
    this.#woken.push(subscription);
  }

  #flush(): void {
    const woken = this.#woken;
    this.#woken = [];
    for (const subscription of woken) subscription.flush();
  }
}
