/** A delivery queue on a store in memory, without a node around it. */

import { openMemoryStore } from "../../adapters/store/memory.ts";
import { DeliveryQueue } from "../../node/delivery/delivery_queue.ts";
import type { DeliveryQueueOptions } from "../../node/delivery/delivery_queue_options.ts";
import { decodeQueueState } from "../../node/delivery/queue_state.ts";
import { Dispatcher } from "../../node/dispatcher.ts";
import type { EventStore } from "../../node/event_store.ts";
import { anEvent, type EventOverrides } from "./events.ts";
import { FakeClock } from "./fake_clock.ts";

export interface TestQueue extends AsyncDisposable {
  readonly queue: DeliveryQueue;
  readonly clock: FakeClock;
  readonly store: EventStore;
  readonly errors: unknown[];
  /** Appends events with these ids; resolves when they are stored. */
  append(...ids: string[]): Promise<void>;
  appendEvent(overrides: EventOverrides & { ttlMs?: number }): Promise<void>;
  /** Ids of what can be taken now. */
  take(eventsMax?: number, leaseMs?: number): string[];
  /** Another queue on what is durable now, as after a kill. */
  reopen(): Promise<DeliveryQueue>;
}

const KEY = "queue/test";

export async function openTestQueue(options: Partial<DeliveryQueueOptions> = {}): Promise<TestQueue> {
  const clock = new FakeClock();
  const store = await openMemoryStore({ cluster: "alice", clock });
  const dispatcher = new Dispatcher(store, clock);
  const errors: unknown[] = [];
  const open = async (from: DeliveryQueueOptions["from"]) => {
    const queue = new DeliveryQueue(dispatcher, clock, {
      stateKey: KEY,
      pattern: ">",
      accepts: () => true,
      ordered: false,
      openMax: 100,
      onError: (error) => errors.push(error),
      ...options,
      from,
    });
    await queue.start();
    return queue;
  };
  const queue = await open(options.from ?? 0);
  const appendEvent = async ({ ttlMs = 0, ...overrides }: EventOverrides & { ttlMs?: number }) => {
    await store.commit([{ event: anEvent(overrides), topic: overrides.type ?? "order.placed", ttlMs }]);
    await clock.advance(0);
  };
  return {
    queue,
    clock,
    store,
    errors,
    appendEvent,
    append: async (...ids) => {
      for (const id of ids) await appendEvent({ id });
    },
    take: (eventsMax = 100, leaseMs) =>
      queue.take(eventsMax, leaseMs).map(({ stored }) => stored.event.attributes.id as string),
    async reopen() {
      const saved = await store.readState(KEY);
      return await open(saved === undefined ? 0 : decodeQueueState(saved));
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      await store.close();
    },
  };
}
