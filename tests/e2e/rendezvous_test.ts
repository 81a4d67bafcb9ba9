/** Two nodes that cannot dial each other, on either runtime, meet on a real nats-server; docs/federation.md says how. */

import { describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { natsBinary } from "../support/nats_binary.ts";
import { NatsServer } from "../support/nats_server.ts";
import { NodeProcess } from "../support/node_process.ts";

const { absence } = natsBinary();

/** Starting three processes on a loaded machine. */
const limitMs = 120_000;
const PATIENCE = { timeoutMs: 40_000, intervalMs: 50 };

/** All that the page asks for. */
const PERMISSIONS = `authorization {
  users: [{
    user: weft, password: secret
    permissions: { publish: ["weft.v1.>", "_INBOX.>"], subscribe: ["weft.v1.>", "_INBOX.>"] }
  }]
}`;

async function startNode(id: string, runtime: "bun" | "deno", { port }: NatsServer): Promise<NodeProcess> {
  const links = [{ url: `nats://weft:secret@127.0.0.1:${port}`, via: "broker", tags: ["hub"] }];
  return await NodeProcess.start({ runtime, config: { node: { id }, federation: { name: "shop", links } } });
}

async function linkOf(node: NodeProcess): Promise<{ readonly state: string; readonly url: string | null }> {
  return (await node.call("GET", "/v1/links")).body.links[0];
}

async function pullOne(node: NodeProcess): Promise<string> {
  const { body } = await node.call("POST", "/v1/subscriptions/audit/pull", { max: 1, waitMs: 30_000 });
  const [{ ackId, event }] = body.events;
  await node.call("POST", "/v1/subscriptions/audit/ack", { ack: [ackId] });
  return event.id;
}

describe.skipIf(absence !== undefined)(`two nodes that join one nats-server${absence ?? ""}`, () => {
  it("are linked with no more rights than the page says, and are so again after the server was killed", async () => {
    await using server = await NatsServer.start({ more: PERMISSIONS });
    await using alice = await startNode("alice", "bun", server);
    await using bob = await startNode("bob", "deno", server);
    await eventually(async () => expect(await linkOf(alice)).toMatchObject({ state: "up", tags: ["hub"] }), PATIENCE);

    const subscription = { protocol: "PULL", config: { topic: "order.>" } };
    const put = await bob.call("PUT", "/v1/subscriptions/audit?ready=mesh", subscription);
    expect(put).toMatchObject({ status: 201, body: { missing: [] } });
    await alice.publish({ id: "1" });
    expect(await pullOne(bob)).toBe("1");

    await server.kill();
    await eventually(async () => expect((await linkOf(alice)).state).toBe("down"), PATIENCE);
    await alice.publish({ id: "2" });
    const { routes } = (await alice.call("GET", "/routes?topic=order.placed")).body;
    expect(routes).toMatchObject([{ destination: "bob", state: "parked" }]);

    await server.restart();
    expect(await pullOne(bob)).toBe("2");
    expect(server.output).not.toMatch(/violation/i);
    // The password is in the URL that was dialled, and nowhere to be seen.
    expect((await linkOf(alice)).url).toBe(server.url);
    expect(`${alice.stderr}${bob.stderr}`).not.toContain("secret");
  }, limitMs);

  it("take each other's events in custody, both ways, before and after the server is restarted", async () => {
    await using server = await NatsServer.start({ more: PERMISSIONS });
    await using alice = await startNode("alice", "bun", server);
    await using bob = await startNode("bob", "deno", server);
    const wants = { protocol: "PULL", config: { topic: "order.>" } };
    for (const node of [alice, bob]) {
      await eventually(async () => expect((await linkOf(node)).state).toBe("up"), PATIENCE);
      const put = await node.call("PUT", "/v1/subscriptions/audit?ready=mesh", wants);
      expect(put).toMatchObject({ status: 201, body: { missing: [] } });
    }
    const publishBothWays = async (round: string) => {
      for (const [from, to] of [[alice, bob], [bob, alice]]) {
        const event = { id: `${round} of ${from.ready.cluster}` };
        const { status, body } = await from.publish(event, { "weft-ack": "all", prefer: "wait=30" });
        expect([status, body.pending ?? []]).toEqual([202, []]);
        for (const node of [to, from]) expect(await pullOne(node)).toBe(event.id);
      }
    };
    await publishBothWays("before");
    await server.stop();
    for (const node of [alice, bob]) {
      await eventually(async () => expect((await linkOf(node)).state).toBe("down"), PATIENCE);
    }
    await server.restart();
    for (const node of [alice, bob]) {
      await eventually(async () => expect((await linkOf(node)).state).toBe("up"), PATIENCE);
    }
    await publishBothWays("after");
  }, limitMs);
});
