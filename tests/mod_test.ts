import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "bun:test";

import { connect, createNode, WeftError } from "../mod.ts";

async function inDataDir(run: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "weft-mod-"));
  try {
    await run(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

const quiet = { http: { port: 0 }, log: { level: "error" } } as const;

describe("createNode() and connect()", () => {
  it("carry an event from publish to subscribe", () =>
    inDataDir(async (dataDir) => {
      await using node = await createNode({ dataDir, ...quiet });
      const client = connect(node.url);
      const receipt = await client.publish({ type: "order.placed", data: { total: 42 } });
      expect(receipt.position).toBe(1);
      for await (const { event } of client.subscribe("order.>", { since: "earliest" })) {
        expect(event.data).toEqual({ total: 42 });
        break;
      }
    }));

  it("keep what was published for the next start", () =>
    inDataDir(async (dataDir) => {
      {
        await using node = await createNode({ dataDir, ...quiet });
        await node.client.publishBatch([{ type: "a", id: "1" }, { type: "a", id: "2" }]);
      }
      await using node = await createNode({ dataDir, ...quiet });
      const ids: string[] = [];
      for await (const { event } of node.client.subscribe("a", { since: "earliest" })) {
        ids.push(event.id);
        if (ids.length === 2) break;
      }
      expect(ids).toEqual(["1", "2"]);
    }));

  it("refuse a setting that does not exist, with the one that was meant", async () => {
    const error = await createNode({ htpp: { port: 0 } } as never).then(() => undefined, (error) => error);
    expect(String(error)).toContain('did you mean "http"?');
  });

  it("tell the node's refusals apart by their code", () =>
    inDataDir(async (dataDir) => {
      await using node = await createNode({ dataDir, ...quiet });
      await node.client.publish({ type: "a", id: "1", source: "/x", data: 1 });
      const error = await node.client.publish({ type: "a", id: "1", source: "/x", data: 2 }).then(
        () => undefined,
        (error) => error,
      );
      expect(error).toBeInstanceOf(WeftError);
      expect(error.code).toBe("ID_CONFLICT");
    }));

  it("do what the README's example shows", async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
    const body = example.replace(/^import .*$/m, "").replace(/\.weft-example/, "DIR");
    await inDataDir(async (dataDir) => {
      const logged: unknown[] = [];
      const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
      const run = new AsyncFunction("createNode", "connect", "console", body.replace('"DIR"', JSON.stringify(dataDir)));
      await run(createNode, connect, { log: (value: unknown) => logged.push(value) });
      expect(logged).toEqual([{ total: 42 }]);
    });
  });
});
