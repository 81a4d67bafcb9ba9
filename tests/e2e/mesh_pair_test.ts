/** The main job: two nodes, one on Bun and one on Deno, joined in one direction; an event at either arrives at the other. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { MeshProcess } from "../support/mesh/mesh_process.ts";
import { meshTopology } from "../support/mesh/mesh_topology.ts";

/** A hundred times what it takes on an idle machine. */
const PATIENCE = { timeoutMs: 20_000 };

describe("alice on Bun and bob on Deno, who joined her", () => {
  // Each test waits for it, so that its time counts there.
  let starting: Promise<MeshProcess>;
  beforeAll(() => {
    starting = MeshProcess.start(meshTopology("pair"));
    starting.catch(() => undefined);
  });
  afterAll(async () => {
    await (await starting)[Symbol.asyncDispose]();
  });

  for (const [from, to] of [["alice", "bob"], ["bob", "alice"]]) {
    it(`an event published at ${from} arrives once at a subscriber of ${to} that waited for the mesh`, async () => {
      const mesh = await starting;
      const topic = `order.from.${from}`;
      const subscription = { protocol: "PULL", config: { topic } };
      const put = await mesh.node(to).call("PUT", `/v1/subscriptions/of-${from}?ready=mesh`, subscription);
      expect(put).toMatchObject({ status: 201, body: { missing: [] } });
      const event = { id: `1.${from}`, type: topic, subject: "42", data: { amount: 7 } };
      expect((await mesh.node(from).publish(event)).status).toBe(202);
      const { body } = await mesh.node(to).call("POST", `/v1/subscriptions/of-${from}/pull`, {
        max: 10,
        waitMs: 20_000,
      });
      expect(body.events).toHaveLength(1);
      expect(body.events[0].event).toMatchObject({ ...event, source: "/shops/alice" });
      await mesh.node(to).call("POST", `/v1/subscriptions/of-${from}/ack`, { ack: [body.events[0].ackId] });
      const again = await mesh.node(to).call("POST", `/v1/subscriptions/of-${from}/pull`, { max: 10, waitMs: 0 });
      expect(again.body.events).toEqual([]);
    }, 60_000);

    it(`/routes of ${from} says that ${to} wants it, by which way and why`, async () => {
      const mesh = await starting;
      const topic = `order.from.${from}`;
      await eventually(async () => {
        const { body } = await mesh.node(from).call("GET", `/routes?topic=${topic}`);
        expect(body.routes).toHaveLength(1);
        expect(body.routes[0]).toMatchObject({
          pattern: topic,
          destination: to,
          nextHop: to,
          path: [from, to],
          state: "active",
          origin: to,
        });
        expect(body.routes[0].reason).toMatch(/./);
      }, PATIENCE);
    }, 60_000);
  }

  it("what nobody of the other wants stays where it was published", async () => {
    const mesh = await starting;
    expect((await mesh.node("alice").publish({ id: "unwanted", type: "nobody.wants" })).status).toBe(202);
    expect((await mesh.node("alice").publish({ id: "wanted", type: "order.from.alice" })).status).toBe(202);
    const logOf = async (cluster: string) => (await mesh.node(cluster).call("GET", "/v1/events?limit=1000")).text;
    await eventually(async () => expect(await logOf("bob")).toContain('"wanted"'), PATIENCE);
    expect(await logOf("bob")).not.toContain("unwanted");
  }, 60_000);

  it("a group that alice has is refused at bob with another definition, and says who has which", async () => {
    const mesh = await starting;
    const group = (topic: string) => ({ protocol: "PULL", config: { topic, group: "billing" } });
    const made = await mesh.node("alice").call("PUT", "/v1/subscriptions/b1?ready=mesh", group("order.of.group"));
    expect(made).toMatchObject({ status: 201, body: { missing: [] } });
    const refused = await mesh.node("bob").call("PUT", "/v1/subscriptions/b2", group("stock.of.group"));
    expect(refused).toMatchObject({ status: 409, body: { code: "GROUP_MISMATCH" } });
    expect(refused.body.detail).toContain('"order.of.group" in cluster "alice"');
    expect((await mesh.node("bob").call("PUT", "/v1/subscriptions/b2", group("order.of.group"))).status).toBe(201);
  }, 60_000);
});
