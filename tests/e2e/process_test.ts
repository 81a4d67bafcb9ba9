/** A node as a process: where its configuration comes from, how it says that it is ready, how it ends. */

import { describe, expect, it } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { SinkServer } from "../adapters/http_sink_support.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free_port.ts";
import { NodeProcess, thisRuntime } from "../support/node_process.ts";
import { openStream } from "../support/stream_client.ts";
import { tempDir } from "../support/temp_dir.ts";

async function failure(starting: Promise<NodeProcess>): Promise<string> {
  try {
    const node = await starting;
    await node[Symbol.asyncDispose]();
    return "it started";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the process of a node", () => {
  it("prints one line with its addresses when it is ready, and listens then", async () => {
    await using node = await NodeProcess.start({ flags: ["--id", "paris-1", "--cluster", "paris"] });
    expect(node.stdout).toHaveLength(1);
    expect(node.ready).toMatchObject({ event: "ready", node: "paris-1", cluster: "paris", federation: "default" });
    expect(node.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await node.call("GET", "/livez")).status).toBe(200);
    expect((await node.call("GET", "/readyz")).status).toBe(200);
    expect((await node.call("GET", "/v1")).body).toMatchObject({ node: "paris-1", cluster: "paris" });
  });

  it("keeps the name it has chosen", async () => {
    await using node = await NodeProcess.start();
    const name = node.ready.node;
    await node.stop();
    await node.restart();
    expect(node.ready.node).toBe(name);
  });

  it("takes flags before the environment, and that before a file", async () => {
    const config = { node: { id: "by-file", cluster: "by-file" }, federation: { name: "by-file" } };
    const env = { WEFT_NODE__ID: "by-env", WEFT_NODE__CLUSTER: "by-env" };
    await using node = await NodeProcess.start({ config, env, flags: ["--id", "by-flag"] });
    expect(node.ready).toMatchObject({ node: "by-flag", cluster: "by-env", federation: "by-file" });
  });

  it("takes its data directory and its limits from the environment", async () => {
    using dir = tempDir();
    const dataDir = join(dir.path, "here");
    const env = { WEFT_LIMITS__BATCH_EVENTS: "2", WEFT_DATA_DIR: dataDir };
    await using node = await NodeProcess.start({ env, withoutDataDir: true });
    const { limits } = (await node.call("GET", "/v1")).body;
    expect(limits).toMatchObject({ batchEvents: 2, bodyBytes: 8 * 1024 * 1024, eventBytes: 1024 * 1024 });
    expect(existsSync(dataDir)).toBe(true);
  });

  it("places a second node of one machine by --ports alone", async () => {
    const port = await freePorts(3);
    await using node = await NodeProcess.start({
      freePorts: false,
      withoutDataDir: true,
      flags: ["--ports", String(port)],
    });
    expect(node.url).toBe(`http://127.0.0.1:${port}`);
    expect(String(node.ready.dataDir)).toMatch(new RegExp(`\\.weft-${port}$`));
  });

  it("refuses an unknown setting and names the nearest that is known", async () => {
    const message = await failure(NodeProcess.start({ config: { http: { prot: 1 } } }));
    expect(message).toContain("ended with 1");
    expect(message).toContain('did you mean "port"?');
    expect(await failure(NodeProcess.start({ env: { WEFT_HTTP__PROT: "1" } }))).toContain("WEFT_HTTP__PORT");
    expect(await failure(NodeProcess.start({ flags: ["--prot", "1"] }))).toContain("--port");
  });

  it("refuses a port that is taken, and says what to do", async () => {
    await using node = await NodeProcess.start();
    const { port } = new URL(node.url);
    const message = await failure(NodeProcess.start({ flags: ["--port", port] }));
    expect(message).toContain(`Cannot listen on 127.0.0.1:${port}`);
    expect(message).toContain("ended with 1");
  });

  it("refuses a data directory that another process has, and names that process", async () => {
    await using node = await NodeProcess.start();
    for (const runtime of ["bun", "deno"] as const) {
      const message = await failure(NodeProcess.start({ dataDir: node.dataDir, runtime }));
      expect(message).toContain(String(node.ready.pid));
      expect(message).toContain("ended with 1");
    }
    await node.publish({ id: "1" });
    expect((await node.call("GET", "/readyz")).status).toBe(200);
  });

  it("leaves no lock behind when it is killed", async () => {
    await using node = await NodeProcess.start();
    await node.publish({ id: "1" });
    await node.kill();
    await using next = await NodeProcess.start({ dataDir: node.dataDir });
    expect((await next.call("GET", "/v1/events")).body.events).toHaveLength(1);
  });

  it("reads what the other runtime has written", async () => {
    await using node = await NodeProcess.start();
    await node.call("PUT", "/v1/subscriptions/audit", { protocol: "PULL", config: { since: "earliest" } });
    const { body: receipt } = await node.publish({ id: "1" });
    await node.kill();
    const other = thisRuntime === "bun" ? "deno" : "bun";
    await using next = await NodeProcess.start({ dataDir: node.dataDir, runtime: other });
    expect((await next.publish({ id: "1" })).body).toEqual({ ...receipt, duplicate: true });
    const { body } = await next.call("POST", "/v1/subscriptions/audit/pull", { waitMs: 10_000 });
    expect(body.events).toMatchObject([{ event: { id: "1" } }]);
  });

  it("refuses to listen beyond loopback without tokens", async () => {
    expect(await failure(NodeProcess.start({ flags: ["--host", "0.0.0.0"] }))).toContain("auth");
  });
});

describe("SIGTERM", () => {
  it("lets the node finish what is under way, and end with 0", async () => {
    await using node = await NodeProcess.start();
    await node.call("PUT", "/v1/subscriptions/audit", { protocol: "PULL" });
    await using stream = await openStream(node.url);
    const pulling = node.call("POST", "/v1/subscriptions/audit/pull", { waitMs: 60_000 });
    // Until the node has it, it is not under way.
    await eventually(async () => (await node.call("GET", "/metrics")).text.length > 0);
    const publishing = Array.from({ length: 50 }, (_, n) => node.publish({ id: String(n) }).catch(() => undefined));
    const answered = Promise.all(publishing);
    const end = await node.stop();
    const accepted = (await answered).filter((answer) => answer?.status === 202).length;
    await pulling.catch(() => undefined); // answered, or cut because it came too late
    await stream.ended;
    expect(end).toEqual({ code: 0, signal: null });
    await node.restart();
    const { body } = await node.call("GET", "/v1/events?limit=1000");
    expect(body.events.length).toBeGreaterThanOrEqual(accepted);
  });

  it("ends a node with 0 by SIGINT as well", async () => {
    await using node = await NodeProcess.start();
    node.signal("SIGINT");
    expect(await node.ended).toEqual({ code: 0, signal: null });
  });

  it("is obeyed within the grace though a sink does not answer", async () => {
    await using silent = await SinkServer.start(() => undefined);
    await using node = await NodeProcess.start({ config: { drainMs: 500 } });
    await node.call("PUT", "/v1/subscriptions/a", { protocol: "HTTP", sink: silent.url });
    await node.publish({ id: "1" });
    await eventually(() => silent.connections > 0, { timeoutMs: 20_000 });
    expect(await node.stop()).toEqual({ code: 0, signal: null });
  });
});

describe("a node that was stopped by SIGSTOP", () => {
  it("goes on where it was", async () => {
    await using node = await NodeProcess.start();
    node.signal("SIGSTOP");
    const waiting = node.publish({ id: "1" });
    node.signal("SIGCONT");
    expect((await waiting).status).toBe(202);
  });
});
