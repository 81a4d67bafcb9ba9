import { describe, expect, it } from "bun:test";

import { openMemoryStore } from "../../adapters/store/memory.ts";
import { Dispatcher } from "../../node/dispatcher.ts";
import { LogFollower } from "../../node/log_follower.ts";
import { FakeClock } from "../support/fake_clock.ts";

async function openDispatcher() {
  const clock = new FakeClock();
  const dispatcher = new Dispatcher(await openMemoryStore({ cluster: "alice", clock }), clock);
  const follow = (pattern: string) =>
    new LogFollower(dispatcher, { pattern, after: 0, accepts: () => true, onReady: () => undefined });
  return { dispatcher, follow };
}

describe("Dispatcher.match()", () => {
  it("gives the node's own topics to those alone who name them", async () => {
    const { dispatcher, follow } = await openDispatcher();
    const [all, trouble, stars] = [follow(">"), follow("weft-system.>"), follow("*.*")];
    for (const follower of [all, trouble, stars]) dispatcher.attach(follower);
    expect(dispatcher.match("weft-system.dead-letter")).toEqual([trouble]);
    expect(dispatcher.match("order.placed").length).toBe(2);
  });
});

describe("Dispatcher.interest", () => {
  it("counts a reader once, however often it comes and goes", async () => {
    const { dispatcher, follow } = await openDispatcher();
    const [alice, bob] = [follow("order.*"), follow("order.*")];
    dispatcher.attach(alice);
    dispatcher.attach(alice);
    dispatcher.detach(bob);
    expect(dispatcher.interest.list().map(({ pattern, readers }) => [pattern, readers])).toEqual([["order.*", 1]]);
    dispatcher.detach(alice);
    expect(dispatcher.interest.list()).toEqual([]);
  });
});
