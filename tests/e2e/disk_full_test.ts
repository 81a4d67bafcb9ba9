/** A node whose disk is full: it refuses, says so, loses nothing, and goes on as soon as there is room. */

import { describe, expect, it } from "bun:test";
import { join } from "node:path";

import type { ApiAnswer } from "../support/http_api.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { mountSmallDisk, smallDiskAbsence } from "../support/small_disk.ts";

const absence = smallDiskAbsence();
const PATIENCE = { timeoutMs: 30_000 };

async function publishUntilRefused(node: NodeProcess): Promise<{ accepted: string[]; refused: ApiAnswer }> {
  const accepted: string[] = [];
  for (let n = 0; n < 10_000; n++) {
    const id = `filling-${n}`;
    const answer = await node.publish({ id, data: "x".repeat(10_000) });
    if (answer.status !== 202) return { accepted, refused: answer };
    accepted.push(id);
  }
  throw new Error("Cannot fill the disk: 10,000 events were accepted");
}

async function idsOfLog(node: NodeProcess): Promise<string[]> {
  const { body } = await node.call("GET", "/v1/events?limit=1000");
  return body.events.map(({ event }: { event: { id: string } }) => event.id);
}

describe.skipIf(absence !== undefined)(`a node on a full disk${absence ?? ""}`, () => {
  it("answers 503 with Retry-After, is not ready, and recovers without a restart", async () => {
    using disk = mountSmallDisk(24);
    await using node = await NodeProcess.start({ dataDir: join(disk.path, "data") });
    await node.call("PUT", "/v1/subscriptions/audit", { protocol: "PULL", config: { since: "earliest" } });
    await node.publish({ id: "before" });
    disk.fill();
    const { accepted, refused } = await publishUntilRefused(node);
    expect(refused).toMatchObject({ status: 503, body: { code: "STORE_FULL" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await node.call("GET", "/readyz")).toMatchObject({ status: 503, body: { failed: [{ check: "store" }] } });
    expect((await node.call("GET", "/livez")).status).toBe(200);
    expect(await idsOfLog(node)).toEqual(["before", ...accepted]);
    disk.clear();
    await eventually(async () => expect((await node.call("GET", "/readyz")).status).toBe(200), PATIENCE);
    expect((await node.publish({ id: "after" })).status).toBe(202);
    expect(await idsOfLog(node)).toEqual(["before", ...accepted, "after"]);
  }, 120_000);

  it("keeps what it had accepted when it is killed then", async () => {
    using disk = mountSmallDisk(24);
    await using node = await NodeProcess.start({ dataDir: join(disk.path, "data") });
    disk.fill();
    const { accepted } = await publishUntilRefused(node);
    await node.kill();
    disk.clear();
    await node.restart();
    expect(await idsOfLog(node)).toEqual(accepted);
    expect((await node.publish({ id: "after" })).status).toBe(202);
  }, 120_000);
});
