import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { type RunOptions, weft } from "./cli_support.ts";

let node: NodeProcess;
/** Answers every request with 500, so that events die. */
let sink: Server;

beforeAll(async () => {
  node = await NodeProcess.start();
  sink = createServer((request, response) => request.resume().on("end", () => response.writeHead(500).end("no")));
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  sink?.closeAllConnections();
  sink?.close();
});

const run = (words: readonly string[], options: RunOptions = {}) =>
  weft(words, { ...options, environment: { WEFT_URL: node.url, ...options.environment } });

/** Where nobody listens any more. */
async function deadUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

let topics = 0;
/** A topic that no other test uses. */
const newTopic = () => `cli.test${++topics}`;

describe("weft pub and sub", () => {
  it("carry an event from one to the other, as JSON", async () => {
    const topic = newTopic();
    const accepted = await run(["pub", topic, '{"total":12345678901234567890}', "--attr", "trace=7", "--json"]);
    expect(accepted.exitCode).toBe(0);
    expect(accepted.json).toMatchObject({ topic, cluster: node.ready.cluster });
    const received = await run(["sub", topic, "--since", "earliest", "--count", "1", "--json"]);
    expect(received.exitCode).toBe(0);
    expect(received.json.event).toMatchObject({ id: accepted.json.id, type: topic, trace: "7" });
    expect(received.output).toContain('"data":{"total":12345678901234567890}');
  });

  it("print only the data with --raw, in order", async () => {
    const topic = newTopic();
    for (const data of ["one", '{"two":2}']) await run(["pub", topic, data]);
    const { output } = await run(["sub", topic, "--since", "earliest", "--count", "2", "--raw"]);
    expect(output).toBe('one\n{"two":2}\n');
  });

  it("take the data from standard input or a file", async () => {
    using folder = tempDir();
    const topic = newTopic();
    writeFileSync(join(folder.path, "data.bin"), new Uint8Array([0, 255]));
    await run(["pub", topic, "-"], { input: "from a pipe" });
    await run(["pub", topic, "--file", "data.bin", "--content-type", "image/png"], { directory: folder.path });
    const { jsonLines } = await run(["sub", topic, "--since", "earliest", "--count", "2", "--json"]);
    expect(jsonLines[0].event).toMatchObject({ data: "from a pipe" });
    expect(jsonLines[1].event).toMatchObject({ data_base64: "AP8=", datacontenttype: "image/png" });
  });

  it("say that a repeat was accepted before, and refuse another event of that id", async () => {
    const topic = newTopic();
    await run(["pub", topic, "1", "--id", topic]);
    expect((await run(["pub", topic, "1", "--id", topic])).output).toContain("already accepted");
    const { exitCode, chat } = await run(["pub", topic, "2", "--id", topic]);
    expect(exitCode).toBe(1);
    expect(chat).toContain("ID_CONFLICT");
  });

  it("publish many with an id each", async () => {
    const { jsonLines } = await run(["pub", newTopic(), "x", "--count", "50", "--json"]);
    expect(new Set(jsonLines.map(({ id }) => id)).size).toBe(50);
  });

  it("filter events", async () => {
    const topic = newTopic();
    for (const subject of ["us", "eu"]) await run(["pub", topic, "--subject", subject]);
    const words = ["sub", topic, "--since", "earliest", "--count", "1", "--json", "--filter", "subject = 'eu'"];
    expect((await run(words)).json.event.subject).toBe("eu");
  });

  it("end with exit code 6 when the events do not come in time", async () => {
    const { exitCode, chat } = await run(["sub", newTopic(), "--count", "1", "--timeout", "100ms"]);
    expect(exitCode).toBe(6);
    expect(chat).toContain("0 of 1 events");
  });

  it("end well on Ctrl-C", async () => {
    const topic = newTopic();
    const controller = new AbortController();
    const onLine = () => controller.abort();
    const running = run(["sub", topic, "--since", "earliest"], { interrupted: controller.signal, onLine });
    await run(["pub", topic, "1"]);
    expect((await running).exitCode).toBe(0);
  });
});

describe("weft events", () => {
  it("lists the log by pattern and shows one event", async () => {
    const topic = newTopic();
    const { position } = (await run(["pub", topic, '{"a":1}', "--json"])).json;
    const list = (await run(["events", topic, "--json"])).json;
    expect(list.events.map((entry: { position: number }) => entry.position)).toEqual([position]);
    expect((await run(["events", "ls", topic])).output).toContain('{"a":1}');
    expect((await run(["events", "show", String(position), "--json"])).json).toMatchObject({ position, topic });
    expect((await run(["events", "show", String(position)])).output).toContain(`topic     ${topic}`);
  });

  it("says with exit code 3 that there is none", async () => {
    expect((await run(["events", "show", "999999"])).exitCode).toBe(3);
  });
});

describe("weft subscription", () => {
  it("makes, replaces, shows, lists and deletes", async () => {
    const topic = newTopic();
    const added = await run([
      "subscription",
      "add",
      topic,
      "--id",
      topic,
      "--attempts",
      "3",
      "--filter",
      "a = '1'",
      "--json",
    ]);
    expect(added.json).toMatchObject({
      id: topic,
      protocol: "PULL",
      config: { topic, retry: { attemptsMax: 3 } },
      filters: [{ sql: "a = '1'" }],
    });
    expect((await run(["subscription", "add", topic, "--id", topic])).chat).toContain("replaced");
    expect((await run(["subscription", "show", topic, "--json"])).json).toMatchObject({ id: topic });
    expect((await run(["subscription", "ls"])).output).toContain(topic);
    expect((await run(["subscription", "rm", topic, "--json"])).json).toEqual({ deleted: [topic] });
    const { exitCode, chat } = await run(["subscription", "show", topic]);
    expect(exitCode).toBe(3);
    expect(chat).toContain("SUBSCRIPTION_NOT_FOUND");
  });

  it("takes the resource from a file, under the flags", async () => {
    const topic = newTopic();
    const input = JSON.stringify({ config: { topic, ordered: true, retry: { minMs: 7 } }, types: ["a"] });
    const { json } = await run(["subscription", "add", "--file", "-", "--attempts", "2", "--json"], { input });
    expect(json).toMatchObject({ types: ["a"], config: { topic, ordered: true, retry: { minMs: 7, attemptsMax: 2 } } });
    await run(["subscription", "rm", json.id]);
  });

  it("pulls, acknowledges and seeks", async () => {
    const topic = newTopic();
    await run(["pub", topic, "1"]);
    await run(["subscription", "add", topic, "--id", topic, "--since", "earliest"]);
    const pulled = await run(["subscription", "pull", topic, "--wait", "5s", "--json"]);
    expect(pulled.jsonLines).toHaveLength(1);
    expect(pulled.json).toMatchObject({ attempt: 1, event: { type: topic } });
    expect((await run(["subscription", "ack", topic, pulled.json.ackId])).exitCode).toBe(0);
    const stale = await run(["subscription", "ack", topic, "a99.1"]);
    expect(stale.exitCode).toBe(1);
    expect(stale.chat).toContain("a99.1 is stale: no pull of this subscription gave it");
    expect((await run(["subscription", "pull", topic])).chat).toContain("no events");
    await run(["subscription", "seek", topic, "earliest"]);
    expect((await run(["subscription", "pull", topic, "--wait", "5s", "--ack"])).chat).toContain("1 acknowledged");
    await run(["subscription", "rm", topic]);
  });

  it("pauses and resumes", async () => {
    const topic = newTopic();
    await run(["subscription", "add", topic, "--id", topic]);
    expect((await run(["subscription", "pause", topic, "--json"])).json.status.state).toBe("paused");
    expect((await run(["explain", topic])).output).toContain("PAUSED");
    expect((await run(["subscription", "resume", topic, "--json"])).json.status.state).toBe("active");
    await run(["subscription", "rm", topic]);
  });
});

describe("weft dlq", () => {
  it("lists, shows, redrives and purges what died", async () => {
    const topic = newTopic();
    const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
    await run(["subscription", "add", topic, "--id", topic, "--sink", url, "--attempts", "1"]);
    await run(["pub", topic, "1", "--id", topic]);
    const list = async () => (await run(["dlq", "ls", "--subscription", topic, "--json"])).json.deadLetters;
    const [letter] = await eventually(async () => {
      const letters = await list();
      return letters.length > 0 && letters;
    });
    expect((await run(["dlq"])).output).toContain(letter.id);
    expect((await run(["dlq", "show", letter.id])).output).toContain("500 no");
    expect((await run(["dlq", "redrive", letter.id, "--json"])).json).toMatchObject({ redriven: 1 });
    await eventually(async () => (await list()).length > 0);
    expect((await run(["dlq", "purge", "--subscription", topic, "--json"])).json).toEqual({ purged: 1 });
    expect(await list()).toEqual([]);
    await run(["subscription", "rm", topic]);
  });

  it("redrives all that fit, and shows a person how far it is", async () => {
    const topic = newTopic();
    const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
    await run(["subscription", "add", topic, "--id", topic, "--sink", url, "--attempts", "1"]);
    await run(["pub", topic, "1", "--count", "3"]);
    const count = async () => (await run(["dlq", "ls", "--subscription", topic, "--json"])).json.deadLetters.length;
    await eventually(async () => await count() === 3);
    const { chat } = await run(["dlq", "redrive", "--subscription", topic], { isTerminal: true });
    expect(chat).toContain("redriving");
    expect(chat).toContain("3 redriven");
    await run(["subscription", "rm", topic]);
    await run(["dlq", "purge", "--subscription", topic]);
  });

  it("does not remove all by an oversight", async () => {
    const { exitCode, chat } = await run(["dlq", "purge"]);
    expect(exitCode).toBe(2);
    expect(chat).toContain("say which");
  });

  it("says with exit code 3 that there is no such letter", async () => {
    expect((await run(["dlq", "show", "nope"])).exitCode).toBe(3);
  });
});

describe("weft topics, routes and explain", () => {
  it("show what comes in, who wants it and why", async () => {
    const topic = newTopic();
    await run(["pub", topic, "1"]);
    await run(["subscription", "add", topic, "--id", topic]);
    const byTopic = (await run(["topics", "--json", "--limit", "1000"])).json.topics;
    expect(byTopic.find((entry: { topic: string }) => entry.topic === topic)).toMatchObject({ events: 1 });
    expect((await run(["routes", "--topic", topic, "--json"])).json.routes).toMatchObject([{
      pattern: topic,
      state: "local",
    }]);
    expect((await run(["routes", "--dot"])).output).toContain("digraph weft");
    const explained = (await run(["explain", topic, "--json"])).json;
    expect(explained.destinations[0]).toMatchObject({ reason: "OK", subscriptions: [{ id: topic }] });
    expect((await run(["explain", topic])).output).toContain("GOES TO");
    await run(["subscription", "rm", topic]);
    expect((await run(["explain", topic])).output).toContain("NO_SUBSCRIBER");
  });

  it("watch the routes as they change", async () => {
    const topic = newTopic();
    const controller = new AbortController();
    const lines: string[] = [];
    const onLine = (line: string) => {
      lines.push(line);
      if (line.includes(topic)) controller.abort();
    };
    const watching = run(["routes", "--watch", "--json"], { interrupted: controller.signal, onLine });
    await eventually(() => lines.length > 0);
    await run(["subscription", "add", topic, "--id", topic]);
    expect((await watching).exitCode).toBe(0);
    expect(JSON.parse(lines.at(-1)!).added).toMatchObject([{ pattern: topic }]);
    await run(["subscription", "rm", topic]);
  });
});

describe("weft bench", () => {
  it("publishes and receives every event, and measures both", async () => {
    const { json, exitCode } = await run(["bench", "--events", "200", "--batch", "10", "--size", "50", "--json"]);
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      events: 200,
      bytes: 50,
      publish: { latency: { count: 20 } },
      endToEnd: { latency: { count: 200 } },
    });
    expect(json.endToEnd.latency.maxMs).toBeGreaterThan(0);
  });
});

describe("weft doctor", () => {
  it("finds a node in good health", async () => {
    const { json, exitCode } = await run(["doctor", "--data-dir", node.dataDir, "--json"]);
    const failed = json.checks.filter(({ status }: { status: string }) => status === "failed");
    expect(failed).toEqual([]);
    expect(exitCode).toBe(0);
    expect(json.ok).toBe(true);
    const lock = json.checks.find(({ check }: { check: string }) => check === "lock");
    expect(lock.detail).toContain(`process ${node.ready.pid}`);
  });

  it("tells what is wrong, and goes on", async () => {
    using folder = tempDir();
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(join(folder.path, "weft.yaml"), "http:\n  prot: 1\n");
    const { json, exitCode } = await weft(["doctor", "--url", await deadUrl(), "--json"], { directory: folder.path });
    expect(exitCode).toBe(5);
    const failed = json.checks.filter(({ status }: { status: string }) => status === "failed");
    expect(failed.map(({ check }: { check: string }) => check)).toEqual(["configuration", "reachable"]);
    expect(failed[0].detail).toContain("weft.yaml:2");
  });
});

describe("weft", () => {
  it("ends with exit code 5 when no node answers, and says what to do", async () => {
    const { exitCode, chat } = await weft(["topics"], { environment: { WEFT_URL: await deadUrl() } });
    expect(exitCode).toBe(5);
    expect(chat).toContain("connection refused; start one with `weft node`");
  });

  it("says what to correct where something else than a node listens", async () => {
    const nats = createTcpServer((socket) => void socket.on("error", () => undefined).write('INFO {"port":1}\r\n'));
    await new Promise<void>((resolve) => nats.listen(0, "127.0.0.1", resolve));
    const { port } = nats.address() as AddressInfo;
    const { exitCode, chat } = await weft(["topics", "--url", String(port)]);
    nats.close();
    expect([exitCode, chat.includes("does not speak HTTP"), chat.includes("not the one for NATS")]).toEqual([
      5,
      true,
      true,
    ]);
    const wrong = await weft(["topics", "--url", node.url.replace("http:", "https:")]);
    expect([wrong.exitCode, wrong.chat.includes("write http:// instead of https://")]).toEqual([5, true]);
  });

  it("ends with exit code 6 when the node is too slow", async () => {
    const slow = createServer(() => undefined);
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    const url = String((slow.address() as AddressInfo).port);
    const { exitCode } = await weft(["topics", "--url", url, "--timeout", "50ms"]);
    slow.closeAllConnections();
    slow.close();
    expect(exitCode).toBe(6);
  });

  it("tells errors as JSON when data is JSON", async () => {
    const { chat, output } = await run(["subscription", "show", "nope", "--json"]);
    expect(output).toBe("");
    expect(JSON.parse(chat).error).toMatchObject({ code: "SUBSCRIPTION_NOT_FOUND", status: 404, exitCode: 3 });
  });

  it("shows the node's refusal with code and detail", async () => {
    const { exitCode, chat } = await run(["sub", "order.>.x"]);
    expect(exitCode).toBe(1);
    expect(chat).toContain("INVALID_PATTERN: Cannot use pattern");
  });

  it("ends with exit code 4 without the right token", async () => {
    await using closed = await NodeProcess.start({
      config: { auth: { tokens: [{ token: "let-me-in-please", subscribe: [">"], publish: ["a.>"] }] } },
    });
    const environment = { WEFT_URL: closed.url };
    expect((await weft(["topics"], { environment })).exitCode).toBe(4);
    const token = { ...environment, WEFT_TOKEN: "let-me-in-please" };
    expect((await weft(["pub", "a.b", "1"], { environment: token })).exitCode).toBe(0);
    expect((await weft(["pub", "b.a", "1"], { environment: token })).exitCode).toBe(4);
  }, 60_000);
});
