import { describe, expect, it } from "bun:test";

import { Relay } from "../../federation/relay.ts";
import { ReadyBarriers } from "../../federation/routing/ready_barriers.ts";
import { FakeWorld } from "../support/fake_world.ts";

function setUp() {
  const world = new FakeWorld();
  const sent: string[] = [];
  const asked: { peer: string; kind: string; id: number }[] = [];
  const decoder = new TextDecoder();
  const relay = new Relay({
    world,
    self: "alice",
    nextHop: (destination) => destination,
    send(peer, payload) {
      const { kind, id, body } = JSON.parse(decoder.decode(payload));
      if (id === undefined) sent.push(`${peer} ${body.version}`);
      else asked.push({ peer, kind, id });
    },
  });
  const versions: Record<string, number> = {};
  const epochs: Record<string, number> = { alice: 1, bob: 7, charlie: 8 };
  const barriers = new ReadyBarriers({
    world,
    self: "alice",
    relay,
    versionOf: (origin) => versions[origin] ?? 0,
    epochOf: (origin) => epochs[origin] ?? 0,
  });
  const hear = (from: string, body: unknown, more: { id?: number; re?: number } = {}): void => {
    const whole = typeof body === "object" ? { epoch: epochs.alice, ...body } : body;
    const message = { to: "alice", from, kind: "echo", hops: 0, body: whole, ...more };
    relay.receive(from, new TextEncoder().encode(JSON.stringify(message)));
  };
  /** Waits for a version; the answer is filled in when it ends. */
  const wait = (version: number, timeoutMs = 10_000): { missing?: readonly string[] } => {
    const answer: { missing?: readonly string[] } = {};
    barriers.wait(version, timeoutMs, (missing) => answer.missing = missing);
    return answer;
  };
  return { world, sent, asked, versions, barriers, hear, wait };
}

function withPeers() {
  const setup = setUp();
  setup.barriers.noteReachable(new Set(["alice", "bob", "charlie"]));
  return setup;
}

describe("ReadyBarriers.wait()", () => {
  it("waits until every cluster that could be reached knows the version", () => {
    const { hear, wait } = withPeers();
    const answer = wait(3);
    hear("bob", { version: 3 });
    expect(answer.missing).toBeUndefined();
    hear("charlie", { version: 2 });
    expect(answer.missing).toBeUndefined();
    hear("charlie", { version: 4 });
    expect(answer.missing).toEqual([]);
  });

  it("does not believe what a cluster knew of an earlier run", () => {
    const { hear, wait } = withPeers();
    const answer = wait(3);
    hear("bob", { version: 9, epoch: 0 });
    hear("charlie", { version: 3 });
    expect(answer.missing).toBeUndefined();
  });

  it("does not wait for what a cluster has said before", () => {
    const { hear, wait, world } = withPeers();
    hear("bob", { version: 5 });
    hear("bob", { version: 2 });
    hear("charlie", { version: 3 });
    const answer = wait(3);
    world.advance(0);
    expect(answer.missing).toEqual([]);
  });

  it("does not wait for who cannot be reached any more", () => {
    const { barriers, hear, wait } = withPeers();
    const answer = wait(1);
    hear("bob", { version: 1 });
    barriers.noteReachable(new Set(["bob"]));
    expect(answer.missing).toEqual([]);
  });

  it("does not wait for who comes later", () => {
    const { barriers, hear, wait } = withPeers();
    const answer = wait(1);
    barriers.noteReachable(new Set(["bob", "charlie", "dora"]));
    for (const cluster of ["bob", "charlie"]) hear(cluster, { version: 1 });
    expect(answer.missing).toEqual([]);
  });

  it("leaves no timer behind when all have answered", () => {
    const { world, hear, wait } = withPeers();
    world.advance(1000);
    wait(3);
    for (const cluster of ["bob", "charlie"]) hear(cluster, { version: 3 });
    expect(world.pending).toBe(0);
  });

  it("asks those again, and only those, of which it has not heard, whose word may be lost", () => {
    const { asked, hear, wait, world } = withPeers();
    const answer = wait(3);
    hear("charlie", { version: 3 });
    world.advance(299);
    expect(asked).toEqual([]);
    world.advance(1);
    expect(asked.map(({ peer, kind }) => `${peer} ${kind}`)).toEqual(["bob echo"]);
    hear("bob", { version: 2 }, { re: asked[0].id });
    expect(answer.missing).toBeUndefined();
    world.advance(600);
    hear("bob", { version: 3 }, { re: asked[1].id });
    expect(answer.missing).toEqual([]);
    world.advance(60_000);
    expect(asked).toHaveLength(2);
  });

  it("says in time who is missing", () => {
    const { hear, wait, world } = withPeers();
    const answer = wait(1, 500);
    hear("charlie", { version: 1 });
    world.advance(500);
    expect(answer.missing).toEqual(["bob"]);
  });

  it("ends at once where nobody else is", () => {
    const { wait, world } = setUp();
    const answer = wait(1);
    world.advance(0);
    expect(answer.missing).toEqual([]);
  });

  it("takes the word of a cluster that was gone for nothing", () => {
    const { barriers, hear, wait, world } = withPeers();
    for (const cluster of ["bob", "charlie"]) hear(cluster, { version: 9 });
    barriers.noteReachable(new Set(["charlie"]));
    barriers.noteReachable(new Set(["bob", "charlie"]));
    const answer = wait(3);
    world.advance(0);
    expect(answer.missing).toBeUndefined();
    hear("bob", { version: 9 });
    expect(answer.missing).toEqual([]);
  });

  it("ignores what is no echo", () => {
    const { hear, wait } = withPeers();
    const answer = wait(1);
    for (const body of [null, 5, {}, { version: "9" }]) hear("bob", body);
    hear("charlie", { version: 1 });
    expect(answer.missing).toBeUndefined();
  });
});

describe("ReadyBarriers.echo()", () => {
  it("tells the origin at once, then within 50 ms the latest version that is known here", () => {
    const { barriers, sent, versions, world } = setUp();
    versions.bob = 1;
    barriers.echo("bob");
    world.advance(0);
    expect(sent).toEqual(["bob 1"]);
    for (versions.bob = 2; versions.bob < 4; versions.bob++) barriers.echo("bob");
    world.advance(49);
    expect(sent).toEqual(["bob 1"]);
    world.advance(1);
    expect(sent).toEqual(["bob 1", "bob 3"]);
  });

  it("tells it to who asks, be it nothing", () => {
    const { hear, sent, versions, world } = setUp();
    hear("bob", {}, { id: 5 });
    versions.bob = 4;
    hear("bob", {}, { id: 6 });
    world.advance(100);
    expect(sent).toEqual(["bob 0", "bob 4"]);
  });

  it("tells it again to whoever can be reached again", () => {
    const { barriers, sent, versions, world } = setUp();
    versions.bob = 7;
    barriers.noteReachable(new Set(["bob", "eve"]));
    world.advance(50);
    barriers.noteReachable(new Set(["bob", "eve"]));
    world.advance(50);
    expect(sent).toEqual(["bob 7"]);
  });
});
