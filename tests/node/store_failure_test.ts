import { describe, expect, it } from "bun:test";

import { openMemoryStore } from "../../adapters/store/memory.ts";
import { StoreFailedError } from "../../node/errors.ts";
import type { EventStore } from "../../node/event_store.ts";
import { WeftNode } from "../../node/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeSinks } from "../support/test_node.ts";

describe("WeftNode.failedChecks()", () => {
  it("names the store, and why, once that can write no more", async () => {
    const clock = new FakeClock();
    const state: { failure?: StoreFailedError } = {};
    const store = failing(await openMemoryStore({ cluster: "alice", clock }), () => state.failure);
    await using node = await WeftNode.open({
      store,
      clock,
      sinks: new FakeSinks().factory,
      random: () => 0,
      newId: () => "1",
      onError: () => undefined,
    }, { id: "alice", cluster: "alice", federation: "test" });
    expect(await node.failedChecks()).toEqual([]);
    state.failure = new StoreFailedError("Cannot write to store: its thread ended; restart the node");
    expect(await node.failedChecks()).toEqual([{ check: "store", detail: state.failure.message }]);
  });
});

function failing(store: EventStore, failure: () => StoreFailedError | undefined): EventStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "failure") return failure();
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
