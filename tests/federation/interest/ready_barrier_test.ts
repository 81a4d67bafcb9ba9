import { beforeEach, describe, expect, it } from "bun:test";

import { EchoSender, ReadyBarrier } from "../../../federation/routing/interest/mod.ts";
import type { World } from "../../../federation/world.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { VirtualTime } from "../records/virtual_time.ts";

let time: VirtualTime;
let world: World;
let ends: (readonly string[])[];

beforeEach(() => {
  time = new VirtualTime();
  world = time.world(seededRandom(1));
  ends = [];
});

function aBarrier(clusters: readonly string[]): ReadyBarrier {
  const done = ({ missing }: { readonly missing: readonly string[] }) => void ends.push(missing);
  return new ReadyBarrier(world, { version: 7, timeoutMs: 10_000, clusters, done });
}

describe("ReadyBarrier", () => {
  it("ends when every cluster has echoed the version or a later one", () => {
    const barrier = aBarrier(["alice", "bob"]);
    barrier.noteEcho("alice", 7);
    expect(ends).toEqual([]);
    barrier.noteEcho("bob", 9);
    expect(ends).toEqual([[]]);
  });

  it("does not count an echo of an earlier version", () => {
    aBarrier(["alice"]).noteEcho("alice", 6);
    expect(ends).toEqual([]);
  });

  it("does not wait for a cluster that cannot be reached any more", () => {
    const barrier = aBarrier(["alice", "bob"]);
    barrier.noteEcho("alice", 7);
    barrier.noteUnreachable("bob");
    expect(ends).toEqual([[]]);
  });

  it("names in order who is missing when its time is up", () => {
    const barrier = aBarrier(["charlie", "alice", "bob"]);
    barrier.noteEcho("alice", 7);
    time.run(9_999);
    expect(ends).toEqual([]);
    time.run(1);
    expect(ends).toEqual([["bob", "charlie"]]);
  });

  it("ends once, whatever is heard after", () => {
    const barrier = aBarrier(["alice"]);
    barrier.noteEcho("alice", 7);
    barrier.noteEcho("alice", 8);
    barrier.noteUnreachable("alice");
    time.run(20_000);
    expect(ends).toEqual([[]]);
  });

  it("ends once, even if the last echo comes after its time is up", () => {
    const barrier = aBarrier(["alice"]);
    time.run(10_000);
    barrier.noteEcho("alice", 7);
    expect(ends).toEqual([["alice"]]);
  });

  it("ends without a cluster to wait for, after it was made", () => {
    aBarrier([]);
    expect(ends).toEqual([]);
    time.run(0);
    expect(ends).toEqual([[]]);
  });

  it("ignores clusters that it does not wait for", () => {
    aBarrier(["alice"]).noteEcho("bob", 7);
    expect(ends).toEqual([]);
  });
});

describe("EchoSender", () => {
  let sent: string[];
  let echoes: EchoSender;

  beforeEach(() => {
    sent = [];
    echoes = new EchoSender(world, (origin, version) => void sent.push(`${origin} ${version} at ${time.now}`));
  });

  it("sends the first at once: somebody may wait for it", () => {
    echoes.note("alice", 1);
    time.run(1000);
    expect(sent).toEqual(["alice 1 at 0"]);
  });

  it("sends what comes together once, in its latest version", () => {
    echoes.note("alice", 1);
    echoes.note("alice", 3);
    echoes.note("alice", 2);
    echoes.note("bob", 4);
    time.run(1000);
    expect(sent).toEqual(["alice 3 at 0", "bob 4 at 0"]);
  });

  it("sends what comes soon after that 50 ms after it, once to each origin", () => {
    echoes.note("alice", 1);
    time.run(20);
    echoes.note("alice", 2);
    echoes.note("bob", 4);
    time.run(10);
    echoes.note("alice", 3);
    time.run(1000);
    expect(sent).toEqual(["alice 1 at 0", "alice 3 at 50", "bob 4 at 50"]);
  });

  it("tells no more than 64 clusters at once, and as many a second: who waits asks", () => {
    const origins = Array.from({ length: 200 }, (_, i) => `cluster-${i}`);
    for (const origin of origins) echoes.note(origin, 1);
    time.run(1000);
    expect(sent).toHaveLength(64);
    for (const origin of origins) echoes.note(origin, 2);
    time.run(250);
    expect(sent).toHaveLength(128);
    for (const origin of origins) echoes.note(origin, 3);
    time.run(750);
    expect(sent.length).toBeLessThan(128 + 64);
  });

  it("sends what comes later than that at once again", () => {
    echoes.note("alice", 1);
    time.run(60);
    echoes.note("alice", 2);
    time.run(1000);
    expect(sent).toEqual(["alice 1 at 0", "alice 2 at 60"]);
  });

  it("sends again what is noted while it sends", () => {
    const again = new EchoSender(world, (origin, version) => {
      sent.push(`${origin} ${version} at ${time.now}`);
      if (version === 1) again.note("bob", 2);
    });
    again.note("alice", 1);
    time.run(1000);
    expect(sent).toEqual(["alice 1 at 0", "bob 2 at 50"]);
  });

  it("sends nothing of a version that was never told", () => {
    echoes.note("alice", 0);
    time.run(1000);
    expect(sent).toEqual([]);
  });
});
