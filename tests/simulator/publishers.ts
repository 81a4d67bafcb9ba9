/** The applications of a run: who publishes what, and when. */

import { type ClusterPlan, TOPICS } from "./scenario.ts";
import type { Observer } from "./observer.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimNode } from "./sim_node.ts";
import type { SimRandom } from "./sim_random.ts";

export interface PublishersParts {
  readonly scheduler: Scheduler;
  readonly random: SimRandom;
  readonly nodes: readonly SimNode[];
  readonly observer: Observer;
}

const TWICE_WITHIN_MS = 2000;
const TTL_MS_MAX = 2000;

export class Publishers {
  readonly #parts: PublishersParts;
  #ids = 0;
  #stopped = false;
  published = 0;
  refused = 0;

  constructor(parts: PublishersParts) {
    this.#parts = parts;
  }

  start(plan: ClusterPlan): void {
    if (plan.publishEveryMs === 0) return;
    const { scheduler, random } = this.#parts;
    const node = this.#parts.nodes.find(({ cluster }) => cluster === plan.name)!;
    const next = (): void => {
      scheduler.after(1 + random.below(plan.publishEveryMs * plan.burst * 2000), () => {
        if (this.#stopped) return;
        for (let i = random.between(1, plan.burst * 2 - 1); i > 0; i--) this.#publish(node, plan);
        next();
      });
    };
    next();
  }

  stop(): void {
    this.#stopped = true;
  }

  #publish(node: SimNode, { mortalPermille, twicePermille, dataBytes }: ClusterPlan): void {
    const { random, observer } = this.#parts;
    const id = `e${++this.#ids}`;
    const source = node.cluster;
    const topic = random.pick(TOPICS);
    const ttlMs = random.chance(mortalPermille) ? random.between(1, TTL_MS_MAX) : 0;
    if (ttlMs > 0) observer.mortal.add(`${source} ${id}`);
    if (random.chance(twicePermille)) this.#again({ id, source, topic, ttlMs });
    this.#count(node.publish(topic, { id, source, ttlMs, dataBytes }));
  }

  /** The application was not sure, and tried at another cluster. */
  #again({ id, source, topic, ttlMs }: { id: string; source: string; topic: string; ttlMs: number }): void {
    const { random, observer, scheduler, nodes } = this.#parts;
    const other = random.pick(nodes);
    if (other.cluster === source) return;
    observer.twice.add(`${source} ${id}`);
    scheduler.after(random.below(TWICE_WITHIN_MS * 1000), () => {
      if (!this.#stopped) this.#count(other.publish(topic, { id, source, ttlMs }));
    });
  }

  #count(accepted: boolean): void {
    if (accepted) this.published++;
    else this.refused++;
  }
}
