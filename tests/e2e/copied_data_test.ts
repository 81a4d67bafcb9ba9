/** Two processes on copies of one data directory, each with a neighbour of its own: the mesh finds out, and says so to both sides. */

import { cpSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** Four processes on a loaded machine. */
const limitMs = 120_000;
const PATIENCE = { timeoutMs: 30_000, intervalMs: 50 };

type Link = { peer: string | null; state: string; lastError: string | null };

async function linksOf(node: NodeProcess): Promise<Link[]> {
  return (await node.call("GET", "/v1/links")).body.links;
}

/** Alice and dave are linked; bob joins alice, and what says that it is bob, too, joins dave. */
async function withBobs(
  starts: number,
  run: (bobs: { alice: NodeProcess; dave: NodeProcess; bob: NodeProcess; copy: NodeProcess }) => Promise<void>,
): Promise<void> {
  const temp = tempDir();
  try {
    const [original, copied] = [join(temp.path, "original"), join(temp.path, "copy")];
    await using alice = await NodeProcess.start({ runtime: "bun", config: { node: { id: "alice" } } });
    const start = (id: string, to: NodeProcess | undefined, dataDir?: string) =>
      NodeProcess.start({
        runtime: "deno",
        dataDir,
        config: { node: { id }, federation: { join: to === undefined ? [] : [to.ready.nats] } },
      });
    await using dave = await start("dave", alice);
    await (await start("bob", undefined, original)).stop();
    cpSync(original, copied, { recursive: true });
    await using bob = await start("bob", alice, original);
    await eventually(async () => expect(await linksOf(bob)).toMatchObject([{ state: "up" }]), PATIENCE);
    for (let i = 1; i < starts; i++) await (await start("bob", undefined, copied)).stop();
    await using copy = await start("bob", dave, copied);
    await run({ alice, dave, bob, copy });
  } finally {
    temp.dispose();
  }
}

describe("two processes that say that they are bob, with no neighbour in common", () => {
  it("are one after some seconds: the one that was started more often, and the other is told why", async () => {
    await withBobs(2, async ({ alice, dave, bob, copy }) => {
      await eventually(async () => {
        const [link] = await linksOf(bob);
        expect(link.state).toBe("down");
        expect(link.lastError).toMatch(/^QUARANTINED: .*a newer process speaks for it \(linked with cluster "dave"\)/);
      }, PATIENCE);
      expect(await linksOf(copy)).toMatchObject([{ peer: "dave", state: "up" }]);
      expect(alice.stderr).toContain("QUARANTINED");
      expect(bob.stderr).toContain("QUARANTINED");
      // The copy is stopped: bob is let in again, and what he took meanwhile arrives.
      await copy.stop();
      await eventually(
        async () => expect(await linksOf(bob)).toMatchObject([{ peer: "alice", state: "up" }]),
        { timeoutMs: 40_000 },
      );
      await eventually(async () => {
        const subscription = { protocol: "PULL", config: { topic: "order.>" } };
        const put = await dave.call("PUT", "/v1/subscriptions/all?ready=mesh", subscription);
        expect([put.body.missing, (await bob.call("GET", "/routes?topic=order.placed")).body.routes.length]).toEqual([
          [],
          1,
        ]);
      }, PATIENCE);
      expect((await bob.publish({ id: "1.bob", type: "order.placed" })).status).toBe(202);
      const { body } = await dave.call("POST", "/v1/subscriptions/all/pull", { max: 10, waitMs: 20_000 });
      expect(body.events).toMatchObject([{ event: { id: "1.bob" } }]);
    });
  }, limitMs);

  it("are one after some seconds if they were started equally often", async () => {
    await withBobs(1, async ({ bob, copy }) => {
      await eventually(async () => {
        const [first, second] = (await Promise.all([bob, copy].map(linksOf))).map((links) => links[0]);
        expect([first.state, second.state].sort()).toEqual(["down", "up"]);
        expect((first.state === "up" ? second : first).lastError).toMatch(/^QUARANTINED: .*data directory was copied/);
      }, PATIENCE);
    });
  }, limitMs);
});

describe("a node that is killed and started again at once", () => {
  it("is no copy of itself", async () => {
    await using alice = await NodeProcess.start({ runtime: "bun", config: { node: { id: "alice" } } });
    const config = { node: { id: "bob" }, federation: { join: [alice.ready.nats] } };
    await using bob = await NodeProcess.start({ runtime: "deno", config });
    for (let i = 0; i < 3; i++) {
      await eventually(async () => expect(await linksOf(bob)).toMatchObject([{ state: "up" }]), PATIENCE);
      await bob.kill();
      await bob.restart();
    }
    await eventually(async () => expect(await linksOf(bob)).toMatchObject([{ state: "up" }]), PATIENCE);
    for (const { stderr } of [alice, bob]) expect(stderr).not.toMatch(/QUARANTINED|DUPLICATE_NODE|EPOCH_JUMP/);
  }, limitMs);
});
