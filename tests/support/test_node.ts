/** A node on a store in memory, with time and sinks in the hands of the test, that can be killed and started again. */

import { openMemoryStore } from "../../adapters/store/memory.ts";
import {
  type CloudEvent,
  type EventStore,
  type NodeOptions,
  type Receipt,
  type RetentionRule,
  type Sink,
  type SinkOutcome,
  type Subscription,
  WeftNode,
} from "../../node/mod.ts";
import { anEvent, type EventOverrides } from "./events.ts";
import { eventually } from "./eventually.ts";
import { FakeClock } from "./fake_clock.ts";

/** A delivery that waits for the test to answer as the sink would. */
export interface PendingDelivery {
  readonly event: CloudEvent;
  readonly events: readonly CloudEvent[];
  readonly deliveryId: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  answer(outcome: SinkOutcome): void;
}

/** Sinks that do nothing until the test says what they answer. */
export class FakeSinks {
  readonly #waiting = new Map<string, PendingDelivery[]>();
  /** When set, every delivery is answered so at once. */
  always: SinkOutcome | undefined;
  delivered = 0;

  readonly factory = {
    prepare: () => Promise.resolve(),
    open: (subscription: Subscription): Sink => ({
      deliver: (deliveries, { signal }) => {
        this.delivered += deliveries.length;
        if (this.always !== undefined) return Promise.resolve(this.always);
        return new Promise((resolve) => {
          const events = deliveries.map(({ event }) => event);
          const { event, deliveryId, attempt } = deliveries[0];
          this.waiting(subscription.id).push({ event, events, deliveryId, attempt, signal, answer: resolve });
          signal.addEventListener("abort", () => resolve({ type: "retry", reason: "aborted" }));
        });
      },
    }),
  };

  /** Deliveries that nobody answered yet. */
  waiting(subscription: string): PendingDelivery[] {
    const known = this.#waiting.get(subscription);
    if (known !== undefined) return known;
    const fresh: PendingDelivery[] = [];
    this.#waiting.set(subscription, fresh);
    return fresh;
  }

  /** The next delivery to a subscription's sink; waits for it. */
  next(subscription: string): Promise<PendingDelivery> {
    return eventually(() => {
      const next = this.waiting(subscription).shift();
      if (next === undefined) throw new Error(`no delivery to "${subscription}" came`);
      return next;
    });
  }
}

export interface TestNodeOptions extends Partial<NodeOptions> {
  readonly retention?: readonly RetentionRule[];
}

export interface TestNode extends AsyncDisposable {
  readonly node: WeftNode;
  readonly clock: FakeClock;
  readonly sinks: FakeSinks;
  /** Errors that the node reported and nobody waited for. */
  readonly errors: unknown[];
  publish(overrides?: EventOverrides & { topic?: string }): Promise<Receipt>;
  eventually: typeof eventually;
  /** Ends the node as a kill does, without a word, and starts another on what its store had kept. */
  crash(): Promise<void>;
}

export async function openTestNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const clock = new FakeClock();
  const sinks = new FakeSinks();
  const errors: unknown[] = [];
  const cluster = options.cluster ?? "alice";
  const kept = await openMemoryStore({ cluster, clock, retention: options.retention ?? [] });
  let ids = 0;
  const start = async (store: EventStore) =>
    await WeftNode.open({
      store,
      clock,
      sinks: sinks.factory,
      random: () => 0.999,
      newId: () => `sub-${++ids}`,
      onError: (error) => errors.push(error),
    }, { id: cluster, cluster, federation: "test", ...options });

  let cuttable = cutOff(kept);
  let node = await start(cuttable.store);
  return {
    get node() {
      return node;
    },
    clock,
    sinks,
    errors,
    publish: (overrides) => {
      const event = anEvent(overrides);
      return node.accept({ topic: node.topicOf(event, overrides?.topic), event });
    },
    eventually,
    async crash() {
      cuttable.cut();
      cuttable = cutOff(kept);
      node = await start(cuttable.store);
    },
    async [Symbol.asyncDispose]() {
      await node.stop(0);
    },
  };
}

/** A handle on a store that goes dead when it is cut, as a killed process's does; the store itself lives on. */
function cutOff(store: EventStore): { store: EventStore; cut(): void } {
  let alive = true;
  const stops: (() => void)[] = [];
  const never = () => new Promise<never>(() => undefined);
  const handle = new Proxy(store, {
    get(target, name) {
      if (name === "commit" && !alive) return never;
      if (name === "close" && !alive) return () => Promise.resolve();
      if (name === "onAppend") {
        return (listener: Parameters<EventStore["onAppend"]>[0]) => {
          const stop = target.onAppend(listener);
          stops.push(stop);
          return stop;
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    store: handle,
    cut: () => {
      alive = false;
      for (const stop of stops) stop();
    },
  };
}
