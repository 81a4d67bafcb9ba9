/** docs/link-protocol.md is enough: a cluster that was written from it, sharing no code, is a neighbour of a real node. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { Stranger } from "../support/stranger.ts";
import { writeRecord } from "../support/stranger_frame.ts";

const PATIENCE = { timeoutMs: 20_000, intervalMs: 20 };

describe("a cluster that was written from docs/link-protocol.md", () => {
  // Each test waits for it, so that its time counts there.
  let starting: Promise<{ readonly node: NodeProcess; readonly stranger: Stranger }>;

  beforeAll(() => {
    starting = start();
    starting.catch(() => undefined);
  });

  afterAll(async () => {
    const { node, stranger } = await starting;
    await stranger[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  });

  async function start() {
    const node = await NodeProcess.start({ config: { node: { id: "alice" }, federation: { name: "shop" } } });
    const subscription = { protocol: "PULL", config: { topic: "invoice.>" } };
    await node.call("PUT", "/v1/subscriptions/books", subscription);
    const stranger = await Stranger.join({ url: String(node.ready.nats), federation: "shop", self: "stranger" });
    await eventually(async () => (await linksOf(node)).some(({ state }) => state === "up"), PATIENCE);
    return { node, stranger };
  }

  async function linksOf(node: NodeProcess): Promise<{ readonly peer: string; readonly state: string }[]> {
    return (await node.call("GET", "/v1/links")).body.links;
  }

  it("is a neighbour, and the mesh knows what it wants", async () => {
    const { node } = await starting;
    expect(await linksOf(node)).toMatchObject([{ peer: "stranger", state: "up" }]);
    const route = await eventually(async () => {
      const { routes } = (await node.call("GET", "/routes?topic=order.placed")).body;
      return routes[0]?.state === "active" && routes[0];
    }, PATIENCE);
    expect(route).toMatchObject({ pattern: "order.>", destination: "stranger", path: ["alice", "stranger"] });
    const { clusters } = (await node.call("GET", "/v1/clusters")).body;
    expect(clusters).toMatchObject([{ cluster: "alice" }, {
      cluster: "stranger",
      reachable: true,
      interestVersion: 1,
    }]);
  }, 30_000);

  it("has the records of its neighbour, by the same hash of all of them", async () => {
    const { stranger } = await starting;
    await eventually(() => expect(stranger.root).toBe(stranger.hello.root), PATIENCE);
  }, 30_000);

  it("gets the events that it wants in frames, and its receipt ends them in the neighbour's ledger", async () => {
    const { node, stranger } = await starting;
    expect((await node.publish({ id: "1", type: "order.placed", data: { total: 42 } })).status).toBe(202);
    expect((await node.publish({ id: "2", type: "invoice.sent" })).status).toBe(202);
    expect((await node.publish({ id: "3", type: "order.paid", data: { total: 7 } })).status).toBe(202);
    const events = await eventually(() => {
      const all = stranger.frames.flatMap(({ events }) => events);
      return all.length === 2 && all;
    }, PATIENCE);
    expect(events[0]).toMatchObject({ origin: "alice", hops: ["alice"], topic: "order.placed", data: '{"total":42}' });
    expect(events[0].attributes).toMatchObject({ specversion: "1.0", id: "1", source: "/shops/alice" });
    const [first, second] = events.map(({ sequence }) => sequence);
    expect(events.map(({ destinations }) => destinations)).toEqual([
      [{ cluster: "stranger", previous: 0, ungrouped: true }],
      [{ cluster: "stranger", previous: first, ungrouped: true }],
    ]);
    stranger.tellReceipt(events[0].epoch, [[0, second]]);
    await eventually(async () => {
      const { entries } = (await node.call("GET", "/v1/ledger")).body;
      expect(entries).toMatchObject([{ destination: "stranger", accepted: 2, delivered: 2, balanced: true }]);
    }, PATIENCE);
    await eventually(() => stranger.relayed.some(({ kind }) => kind === "receipt-ack"), PATIENCE);
  }, 30_000);

  it("sends an event that is delivered once, and is told so by a receipt", async () => {
    const { node, stranger } = await starting;
    const attributes = { specversion: "1.0", id: "s1", source: "/strangers", type: "invoice.sent" };
    expect(await stranger.send(writeRecord(attributes, '{"number":1}'))).toEqual({ stream: "rx", seq: 1 });
    const { body } = await node.call("POST", "/v1/subscriptions/books/pull", { max: 10, waitMs: 10_000 });
    const ids = body.events.map(({ event }: { event: { id: string } }) => event.id);
    expect(ids).toContain("s1");
    const receipt = await eventually(
      () => stranger.relayed.find(({ kind }) => kind === "receipt") ?? false,
      PATIENCE,
    );
    expect(receipt).toMatchObject({ from: "alice", to: "stranger", body: { intervals: [[0, 1]], exceptions: [] } });
  }, 30_000);

  it("is told where the lane stands when it leaves a frame out, and refused when it forges hops", async () => {
    const { stranger } = await starting;
    const attributes = { specversion: "1.0", id: "s2", source: "/strangers", type: "invoice.sent" };
    const record = writeRecord(attributes, "{}");
    expect(await stranger.send(record, { sequence: 5 })).toMatchObject({
      error: { code: 400, err_code: 10071, description: "wrong last sequence: 1" },
    });
    expect(await stranger.send(record, { hops: ["stranger", "bob"] })).toMatchObject({
      error: { code: 400, err_code: 10140, reason: "HOPS_FORGED" },
    });
  }, 30_000);
});
