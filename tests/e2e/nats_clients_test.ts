/** NATS clients of others talk to the endpoint as they would to a nats-server. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it } from "bun:test";
import { connect, headers } from "@nats-io/transport-node";

import { createAuthenticator, TicketStore } from "../../adapters/door/http/auth/mod.ts";
import { openTestNats } from "../adapters/door_nats_support.ts";
import { tempDir } from "../support/temp_dir.ts";
import { BUILD_TIMEOUT_MS, buildClient, toolchainAbsence } from "./clients/build_client.ts";

const TOKEN = "shop-secret";
const allowed = ["order.>", "job.>", "price.>", "nobody.>"];
const authenticate = createAuthenticator(
  { tokens: [{ name: "shop", token: TOKEN, publish: allowed, subscribe: allowed }] },
  { tickets: new TicketStore(() => 0), wall: () => 0 },
);
const absence = toolchainAbsence(["python3", "-m", "venv", "--help"]);

describe.skipIf(absence !== undefined)(`nats.py${absence ?? ""}`, () => {
  it("publishes, subscribes, shares, asks, answers and is told what it may not", async () => {
    const client = buildClient({
      language: "nats_python",
      commands: [["python3", "-m", "venv", "."], [
        "bin/python",
        "-m",
        "pip",
        "install",
        "-q",
        "-r",
        "requirements.txt",
      ]],
    });
    await using nats = await openTestNats({ authenticate });
    const { stdout } = await promisify(execFile)(join(client, "bin", "python"), ["talk.py", nats.door.url, TOKEN], {
      cwd: client,
      timeout: 60_000,
    });
    const { receipt, ...said } = JSON.parse(stdout);
    expect(said).toEqual({
      heard: [
        ["order.placed", "plain", "order.placed", "one"],
        ["order.placed", "{}", "com.shop.Order", "two"],
        ["order.cancelled", "x", "order.cancelled", said.heard[2][3]],
      ],
      shared: Array.from({ length: 20 }, (_, i) => i),
      answer: "42 for tea",
      nobody: "no responders",
      errors: [`nats: permissions violation for publish to "secret.plan"`],
    });
    expect(receipt).toMatchObject({ cluster: "alice" });
  }, 2 * BUILD_TIMEOUT_MS);
});

const noGo = toolchainAbsence(["go", "version"]);

describe.skipIf(noGo !== undefined)(`the nats CLI${noGo ?? ""}`, () => {
  it("publishes, subscribes, asks, answers, measures, and is told that nobody answers", async () => {
    const built = buildClient({
      language: "nats_cli",
      commands: [["go", "build", "-o", "nats", "github.com/nats-io/natscli/nats"]],
    });
    await using nats = await openTestNats({ authenticate });
    using home = tempDir();
    /** What one command wrote, when it has ended. */
    const run = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await promisify(execFile)(
        join(built, "nats"),
        ["--server", nats.door.url, "--user", "shop", "--password", TOKEN, ...args],
        { timeout: 60_000, env: { HOME: home.path } },
      );
      return `${stdout}${stderr}`;
    };
    const subscribed = (count: number) => nats.fixture.eventually(() => expect(nats.door.counts.clients).toBe(count));
    const heard = run("sub", "order.>", "--count", "3", "--raw");
    await subscribed(1);
    await run("pub", "order.placed", '{"n":1}');
    await run("pub", "order.placed", "order {{Count}}", "--count", "2", "--header", "Content-Type:text/plain");
    expect((await heard).trim().split("\n")).toEqual(['{"n":1}', "order 1", "order 2"]);
    await subscribed(0);
    const answering = run("reply", "price.get", "42", "--count", "1").catch(({ stdout }) => stdout); // it never ends with 0
    await subscribed(1);
    expect((await run("request", "price.get", "tea", "--raw")).trim()).toBe("42");
    expect(await answering).toContain("tea");
    expect(await run("request", "nobody.there", "tea")).toContain("No responders are available");
    expect(await run("server", "check", "connection")).toContain("OK Connection");
    await expect(run("pub", "secret.plan", "x")).rejects.toThrow("Permissions Violation");
  }, 2 * BUILD_TIMEOUT_MS);
});

describe("nats.js", () => {
  it("publishes with headers, subscribes with an iterator, and drains", async () => {
    await using nats = await openTestNats({ authenticate });
    const client = await connect({ servers: nats.door.url, user: "shop", pass: TOKEN });
    const subscription = client.subscribe("order.>");
    await client.flush();
    const given = headers();
    given.set("Content-Type", "application/json");
    client.publish("order.placed", '{"n":1}', { headers: given });
    await client.flush();
    const [message] = await Array.fromAsync(once(subscription));
    expect(message.json()).toEqual({ n: 1 });
    expect(message.headers?.get("ce-datacontenttype")).toBe("application/json");
    expect(message.headers?.get("ce-source")).toBe("/federations/test");
    await client.drain();
    await nats.fixture.eventually(() => expect(nats.door.counts.clients).toBe(0));
  });

  it("gets many replies to one request", async () => {
    await using nats = await openTestNats();
    const [asker, ...services] = await Promise.all([0, 1, 2].map(() => connect({ servers: nats.door.url })));
    for (const [i, service] of services.entries()) {
      service.subscribe("price.get", { callback: (_, message) => void message.respond(`${i}`) });
      await service.flush();
    }
    const replies = await Array.fromAsync(await asker.requestMany("price.get", "?", { maxMessages: 2, maxWait: 3000 }));
    expect(replies.map((reply) => reply.string()).toSorted()).toEqual(["0", "1"]);
    for (const client of [asker, ...services]) await client.close();
  });

  it("is told that it may not subscribe, and goes on", async () => {
    await using nats = await openTestNats({ authenticate });
    const client = await connect({ servers: nats.door.url, token: TOKEN });
    const refused = new Promise<Error>((resolve) =>
      client.subscribe("secret.>", { callback: (error) => void (error !== null && resolve(error)) })
    );
    expect((await refused).message).toContain(`Permissions Violation for Subscription to "secret.>"`);
    await client.flush();
    await client.close();
  });

  it("connects again when the endpoint is back, and gets events again", async () => {
    await using nats = await openTestNats();
    const { port } = nats.door;
    const client = await connect({ servers: `127.0.0.1:${port}`, reconnectTimeWait: 20, maxReconnectAttempts: 200 });
    const heard: string[] = [];
    client.subscribe("order.>", { callback: (_, message) => void heard.push(message.string()) });
    await client.flush();
    await nats.door.stop(500);
    await using again = await openTestNats({ port });
    await again.fixture.eventually(() => expect(again.door.counts.clients).toBe(1));
    await client.flush();
    client.publish("order.placed", "after");
    await again.fixture.eventually(() => expect(heard).toEqual(["after"]));
    await client.close();
  });
});

async function* once<T>(values: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const value of values) return yield value;
}
