/** Two nodes that may not be linked: each side says why, in `/v1/links` and in its log, so that either operator can act. */

import { cpSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { NodeProcess } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** Three processes on a loaded machine. */
const limitMs = 120_000;
const PATIENCE = { timeoutMs: 30_000, intervalMs: 50 };

interface Settings {
  readonly node?: Record<string, unknown>;
  readonly federation?: Record<string, unknown>;
  readonly dataDir?: string;
}

async function startAlice({ node = { id: "alice" }, federation = {}, dataDir }: Settings = {}): Promise<NodeProcess> {
  return await NodeProcess.start({ runtime: "bun", dataDir, config: { node, federation } });
}

async function joinAlice(alice: NodeProcess, settings: Settings = {}): Promise<NodeProcess> {
  const { node = { id: "bob" }, federation = {}, dataDir } = settings;
  return await NodeProcess.start({
    runtime: "deno",
    dataDir,
    config: { node, federation: { join: [alice.ready.nats], ...federation } },
  });
}

/** Waits until a node shows a link that is down for that reason, and has logged it. */
async function saysWhy(node: NodeProcess, code: string, parts: readonly string[]): Promise<void> {
  await eventually(async () => {
    const { body } = await node.call("GET", "/v1/links");
    const refused = body.links.filter(({ lastError }: { lastError: string | null }) =>
      lastError?.startsWith(`${code}: `)
    );
    if (refused.length === 0) throw new Error(`no link is down for ${code}: ${JSON.stringify(body.links)}`);
    expect(refused[0].state).toBe("down");
    for (const part of parts) expect(refused[0].lastError).toContain(part);
  }, PATIENCE);
  const line = node.stderr.split("\n").find((line) => line.includes(`${code}: `));
  const { message, level } = JSON.parse(line ?? "{}");
  for (const part of parts) expect(message).toContain(part);
  expect(level).toMatch(/^WARN/);
}

describe("two nodes, one on Bun and one on Deno, are told on both sides", () => {
  it("that one has a slip of the pen in the name of the federation", async () => {
    await using alice = await startAlice({ federation: { name: "shop" } });
    await using bob = await joinAlice(alice, { federation: { name: "shpo" } });
    for (const node of [alice, bob]) {
      await saysWhy(node, "FEDERATION_MISMATCH", ["shop", "shpo", "slip of the pen", "federation.name"]);
    }
  }, limitMs);

  it("that their tokens differ, without showing them", async () => {
    await using alice = await startAlice({ federation: { token: "right-secret" } });
    await using bob = await joinAlice(alice, { federation: { token: "wrong-secret" } });
    for (const node of [alice, bob]) {
      await saysWhy(node, "TOKEN_REFUSED", ["federation.token"]);
      expect(node.stderr).not.toMatch(/(right|wrong)-secret/);
    }
  }, limitMs);

  it("that both are one cluster with two stores", async () => {
    await using alice = await startAlice({ node: { id: "alice", cluster: "paris" } });
    await using bob = await joinAlice(alice, { node: { id: "bob", cluster: "paris" } });
    for (const node of [alice, bob]) {
      await saysWhy(node, "CLUSTER_NEEDS_SHARED_STORE", [`"alice"`, `"bob"`, `"paris"`]);
    }
  }, limitMs);

  it("that one runs on a copy of the other's data", async () => {
    const temp = tempDir();
    try {
      const [original, copy] = [join(temp.path, "original"), join(temp.path, "copy")];
      await (await startAlice({ dataDir: original })).stop();
      cpSync(original, copy, { recursive: true });
      await using alice = await startAlice({ dataDir: original });
      await using clone = await joinAlice(alice, { node: { id: "alice" }, dataDir: copy });
      for (const node of [alice, clone]) await saysWhy(node, "DUPLICATE_NODE", ["copied", `"alice"`, "empty"]);
    } finally {
      temp.dispose();
    }
  }, limitMs);
});

describe("a node", () => {
  it("is told that a neighbour of its neighbour runs on a copy of its data, and so is the copy", async () => {
    const temp = tempDir();
    try {
      const [original, copy] = [join(temp.path, "original"), join(temp.path, "copy")];
      await using alice = await startAlice();
      await (await joinAlice(alice, { dataDir: original })).stop();
      cpSync(original, copy, { recursive: true });
      await using bob = await joinAlice(alice, { dataDir: original });
      await using clone = await joinAlice(alice, { dataDir: copy });
      const quarantined = await Promise.any([bob, clone].map(async (node) => {
        await saysWhy(node, "QUARANTINED", [`"bob"`, "copied"]);
        return node;
      }));
      await saysWhy(alice, "QUARANTINED", [`"bob"`, "copied"]);
      const other = quarantined === bob ? clone : bob;
      await eventually(async () => {
        expect((await other.call("GET", "/v1/links")).body.links).toMatchObject([{ peer: "alice", state: "up" }]);
      }, PATIENCE);
    } finally {
      temp.dispose();
    }
  }, limitMs);

  it("whose link should go over a nats-server is told that a node is there", async () => {
    await using alice = await startAlice();
    const links = [{ url: alice.ready.nats, via: "broker" }];
    await using bob = await NodeProcess.start({
      runtime: "deno",
      config: { node: { id: "bob" }, federation: { links } },
    });
    await saysWhy(bob, "VIA_MISMATCH", ["it is a node", "via: broker"]);
    expect((await alice.call("GET", "/v1/links")).body.links).toEqual([]);
  }, limitMs);

  it("that was given its own address is told so", async () => {
    const port = await freePort();
    const join = [`nats://127.0.0.1:${port}`];
    await using alice = await NodeProcess.start({
      runtime: "deno",
      config: { node: { id: "alice" }, federation: { join } },
      env: { WEFT_NATS__PORT: String(port) },
    });
    await saysWhy(alice, "SELF", ["this very node", "join list"]);
  }, limitMs);
});
