import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "bun:test";

import { denoPermissions } from "../../scripts/setup.ts";
import { createSignedCertificate, hasOpenssl } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProcess, thisRuntime } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const main = join(root, "adapters", "cli", "main.ts");
/** On Deno with the permissions that `deno task weft` gives. */
const command = thisRuntime === "deno"
  ? ["run", "--no-prompt", "--no-check", ...denoPermissions["adapters/cli/main.ts"], main]
  : [main];

interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the runtime is given to run. Default: the command itself. */
  readonly program?: readonly string[];
}

/** A command as a process. */
class CommandProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  output = "";
  chat = "";

  constructor(words: readonly string[], { program = command, ...options }: CommandOptions = {}) {
    const env = { ...withoutSettings(process.env), ...options.env };
    this.child = spawn(process.execPath, [...program, ...words], { ...options, env, stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdout!.on("data", (data) => this.output += data);
    this.child.stderr!.on("data", (data) => this.chat += data);
    this.ended = new Promise((resolve) => this.child.on("close", (code, signal) => resolve({ code, signal })));
  }

  // Not `child.kill()`: on Deno the end of a child counts as killed from then on, whatever its exit code.
  signal(name: NodeJS.Signals): void {
    process.kill(this.child.pid!, name);
  }
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("WEFT_")));
}

/** Starts it, waits for its end, and answers what it wrote. */
async function weft(
  words: readonly string[],
  options: CommandOptions & { readonly input?: string } = {},
) {
  const running = new CommandProcess(words, options);
  running.child.stdin!.end(options.input ?? "");
  const { code } = await running.ended;
  return { code, output: running.output, chat: running.chat };
}

const limitMs = 60_000;

describe("weft node", () => {
  it("says in one line of JSON where it is, drains on SIGTERM and ends with 0", async () => {
    await using node = await NodeProcess.start();
    expect(node.stdout).toHaveLength(1);
    expect(node.ready.http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await node.stop()).toEqual({ code: 0, signal: null });
  }, limitMs);

  it("drains on SIGINT and ends with 0", async () => {
    await using node = await NodeProcess.start();
    node.signal("SIGINT");
    expect(await node.ended).toEqual({ code: 0, signal: null });
  }, limitMs);

  it("takes a signal within half a second as the same one, and ends at once at a later one", async () => {
    const sink = createServer(() => undefined); // never answers, so that draining takes as long as it may
    await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
    let reached = false;
    sink.on("request", () => reached = true);
    await using node = await NodeProcess.start({ config: { drainMs: 30_000 } });
    const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
    await node.call("POST", "/v1/subscriptions", { sink: url, protocolsettings: { timeoutMs: 60_000 } });
    await node.publish({ id: "1" });
    await eventually(() => reached);
    const startedAt = performance.now();
    node.signal("SIGINT");
    await eventually(() => {
      if (node.end === undefined) node.signal("SIGINT");
      return node.end !== undefined;
    }, { intervalMs: 50 });
    const tookMs = performance.now() - startedAt;
    sink.closeAllConnections();
    sink.close();
    expect(node.end).toEqual({ code: 1, signal: null });
    expect(tookMs).toBeGreaterThan(450);
  }, limitMs);

  it("ends with 0 as well when the launcher of the project is what gets the signal", async () => {
    using folder = tempDir();
    const launcher = [
      ...thisRuntime === "deno" ? ["run", "-A"] : [],
      join(root, "scripts", "setup.ts"),
      "adapters/cli/main.ts",
    ];
    const node = new CommandProcess(["node", "--port", "0", "--data-dir", join(folder.path, "data")], {
      program: launcher,
    });
    await eventually(() => expect(node.output).toContain('"event":"ready"'), { timeoutMs: 20_000 });
    node.signal("SIGTERM");
    expect(await node.ended).toEqual({ code: 0, signal: null });
  }, limitMs);

  it("refuses a data directory in use: what and why on standard error, exit code 1", async () => {
    await using node = await NodeProcess.start();
    const { code, output, chat } = await weft(["node", "--port", "0", "--data-dir", node.dataDir]);
    expect(code).toBe(1);
    expect(output).toBe("");
    expect(chat).toContain(`process ${node.ready.pid} is using it`);
  }, limitMs);

  it("refuses a wrong configuration with its place and a guess", async () => {
    using folder = tempDir();
    writeFileSync(join(folder.path, "weft.yaml"), "http:\n  prot: 7700\n");
    const { code, chat } = await weft(["node"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(chat).toContain("weft.yaml:2:3");
    expect(chat).toContain('did you mean "port"?');
  }, limitMs);
});

describe("weft as a process", () => {
  it("carries an event from pub to a waiting sub, which ends well on Ctrl-C", async () => {
    await using node = await NodeProcess.start();
    const env = { WEFT_URL: node.url };
    const sub = new CommandProcess(["sub", "order.>", "--json"], { env });
    await eventually(() => expect(sub.chat).toContain("subscribed"), { timeoutMs: 20_000 });
    const pub = await weft(["pub", "order.placed", "-"], { env, input: '{"total":42}' });
    expect(pub.code).toBe(0);
    await eventually(() => expect(sub.output).toContain("\n"));
    expect(JSON.parse(sub.output).event.data).toEqual({ total: 42 });
    for (let sent = 0; sent < 2; sent++) sub.signal("SIGINT"); // as a launcher and the terminal both send it
    expect(await sub.ended).toEqual({ code: 0, signal: null });
  }, limitMs);

  it("goes on after the node was away, without loss or repeat", async () => {
    using folder = tempDir();
    const flags = ["--port", String(await freePort())];
    await using node = await NodeProcess.start({ dataDir: join(folder.path, "data"), flags, freePorts: false });
    const env = { WEFT_URL: node.url };
    const sub = new CommandProcess(["sub", ">", "--raw", "--count", "3"], { env });
    await eventually(() => expect(sub.chat).toContain("subscribed"), { timeoutMs: 20_000 });
    await weft(["pub", "a", "1"], { env });
    await eventually(() => expect(sub.output).toBe("1\n"));
    await node.kill();
    await eventually(() => expect(sub.chat).toContain("trying again"), { timeoutMs: 20_000 });
    await node.restart();
    await weft(["pub", "a", "2"], { env });
    await weft(["pub", "a", "3"], { env });
    expect((await sub.ended).code).toBe(0);
    expect(sub.output).toBe("1\n2\n3\n");
  }, limitMs);

  it("ends without a word when its reader has had enough", async () => {
    await using node = await NodeProcess.start();
    const env = { WEFT_URL: node.url };
    await weft(["pub", "a", "x", "--count", "2000"], { env });
    const sub = new CommandProcess(["sub", ">", "--since", "earliest", "-q"], { env });
    sub.child.stdout!.once("data", () => sub.child.stdout!.destroy());
    expect(await sub.ended).toEqual({ code: 0, signal: null });
    expect(sub.chat).toBe("");
  }, limitMs);
});

describe("weft backup and restore", () => {
  it("copy the store of a running node and bring it back elsewhere", async () => {
    using folder = tempDir();
    const options = { cwd: folder.path };
    await using node = await NodeProcess.start();
    for (const id of ["1", "2", "3"]) await node.publish({ id });
    const backup = await weft(["backup", "copy.db", "--data-dir", node.dataDir, "--json"], options);
    expect(backup.code).toBe(0);
    expect(JSON.parse(backup.output)).toMatchObject({ file: join(folder.path, "copy.db"), dataDir: node.dataDir });
    const restored = await weft(["restore", "copy.db", "--data-dir", "again", "--json"], options);
    expect(restored.code).toBe(0);
    await using again = await NodeProcess.start({ dataDir: join(folder.path, "again") });
    expect((await again.call("GET", "/v1/events")).body.events).toHaveLength(3);
    expect(again.stderr).toContain("restored from a backup");
  }, limitMs);

  it("copy the store of a node that does not run", async () => {
    using folder = tempDir();
    await using node = await NodeProcess.start({ dataDir: join(folder.path, "data") });
    await node.publish({ id: "1" });
    await node.kill();
    expect((await weft(["backup", "copy.db", "--data-dir", "data"], { cwd: folder.path })).code).toBe(0);
    expect(existsSync(join(folder.path, "copy.db"))).toBe(true);
    await node.restart();
    expect((await node.call("GET", "/v1/events")).body.events).toHaveLength(1);
  }, limitMs);

  it("do not restore under a running node, nor over a store", async () => {
    using folder = tempDir();
    const options = { cwd: folder.path };
    await using node = await NodeProcess.start();
    await weft(["backup", "copy.db", "--data-dir", node.dataDir], options);
    const words = ["restore", "copy.db", "--data-dir", node.dataDir];
    const running = await weft(words, options);
    expect(running.code).toBe(1);
    expect(running.chat).toContain(`process ${node.ready.pid} is using it`);
    await node.stop();
    const stopped = await weft(words, options);
    expect(stopped.code).toBe(1);
    expect(stopped.chat).toContain("it holds a store already");
  }, limitMs);

  it("refuse what is not there, no backup, and a file that would be overwritten", async () => {
    using folder = tempDir();
    const options = { cwd: folder.path };
    expect((await weft(["backup", "copy.db", "--data-dir", "nowhere"], options)).code).toBe(3);
    expect((await weft(["restore", "nowhere.db"], options)).code).toBe(3);
    writeFileSync(join(folder.path, "text.db"), "no database");
    const noBackup = await weft(["restore", "text.db", "--data-dir", "new"], options);
    expect(noBackup.code).toBe(1);
    expect(noBackup.chat).toContain("it is no sound backup");
    await using node = await NodeProcess.start();
    const overwriting = await weft(["backup", "text.db", "--data-dir", node.dataDir], options);
    expect(overwriting.code).toBe(1);
    expect(overwriting.chat).toContain("the file exists");
  }, limitMs);
});

describe("weft config", () => {
  it("shows who set what, with secrets masked", async () => {
    using folder = tempDir();
    writeFileSync(join(folder.path, "weft.yaml"), "http:\n  port: 1234\nfederation:\n  token: very-secret\n");
    const options = { cwd: folder.path, env: { WEFT_LOG__LEVEL: "debug" } };
    const { output, code } = await weft(["config", "show", "--cluster", "paris", "--json"], options);
    expect(code).toBe(0);
    const { settings } = JSON.parse(output);
    const find = (path: string) => settings.find((setting: { path: string }) => setting.path === path);
    expect(find("http.port")).toEqual({ path: "http.port", value: 1234, source: "weft.yaml:2:3" });
    expect(find("log.level")).toMatchObject({ value: "debug", source: "WEFT_LOG__LEVEL" });
    expect(find("node.cluster")).toMatchObject({ value: "paris", source: "--cluster" });
    expect(output).not.toContain("very-secret");
    expect((await weft(["config"], options)).output).toMatch(/http\.port +1234 +weft\.yaml/);
  }, limitMs);

  it("validates a file, and prints the schema for editors", async () => {
    using folder = tempDir();
    const options = { cwd: folder.path };
    writeFileSync(join(folder.path, "good.yaml"), "http:\n  port: 1234\n");
    writeFileSync(join(folder.path, "bad.yaml"), "http:\n  port: many\n");
    expect((await weft(["config", "validate", "good.yaml"], options)).code).toBe(0);
    expect((await weft(["config", "validate", "--config", "good.yaml"], options)).code).toBe(0);
    expect((await weft(["config", "validate"], options)).code).toBe(2);
    const bad = await weft(["config", "validate", "bad.yaml"], options);
    expect(bad.code).toBe(1);
    expect(bad.chat).toContain("bad.yaml:2");
    expect((await weft(["config", "validate", "none.yaml"], options)).code).toBe(3);
    expect(JSON.parse((await weft(["config", "schema"], options)).output).properties.http).toBeDefined();
  }, limitMs);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("weft, with a node whose certificate no authority of the system knows", () => {
  const title = (rule: string) =>
    hasOpenssl ? rule : `${rule} (skipped: openssl, which makes the certificate, is not here)`;

  it.skipIf(!hasOpenssl)(title("reaches it with --ca or WEFT_CA, also for streams"), async () => {
    using directory = tempDir();
    const { ca, ...tls } = createSignedCertificate(directory.path, ["IP:127.0.0.1"]);
    await using node = await NodeProcess.start({ config: { tls } });
    const url = node.ready.http;
    const published = await weft(["pub", "order.placed", "hello", "--url", url, "--ca", ca]);
    expect(published.code).toBe(0);
    const sub = await weft(["sub", "order.>", "--since", "earliest", "--count", "1", "--json", "--url", url], {
      env: { WEFT_CA: ca },
    });
    expect(sub.code).toBe(0);
    expect(sub.output).toContain("order.placed");
  }, limitMs);

  it.skipIf(!hasOpenssl)(title("says without one what to give"), async () => {
    using directory = tempDir();
    const { ca: _, ...tls } = createSignedCertificate(directory.path, ["IP:127.0.0.1"]);
    await using node = await NodeProcess.start({ config: { tls } });
    const refused = await weft(["topics", "--url", node.ready.http]);
    expect(refused.code).toBe(5);
    expect(refused.chat).toContain("--ca or WEFT_CA");
    const missing = await weft(["topics", "--url", node.ready.http, "--ca", "gone.pem"]);
    expect(missing.code).toBe(2);
    expect(missing.chat).toContain('Cannot read "gone.pem"');
    expect((await weft(["topics", "--url", node.ready.http, "--ca", tls.key])).chat).toContain("holds no certificate");
  }, limitMs);
});
