/** Class best-effort between real nodes, Bun and Deno, and with a cluster that was written from docs/link-protocol.md. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { MeshProcess } from "../support/mesh/mesh_process.ts";
import { meshTopology } from "../support/mesh/mesh_topology.ts";
import { NodeProcess } from "../support/node_process.ts";
import { Stranger } from "../support/stranger.ts";
import { writeRecord } from "../support/stranger_frame.ts";

const PATIENCE = { timeoutMs: 20_000, intervalMs: 20 };
const EVENTS = 40;

describe("alice on Bun and bob on Deno, with metrics of class best-effort", () => {
  // Each test waits for it, so that its time counts there.
  let starting: Promise<MeshProcess>;
  beforeAll(() => {
    const config = { traffic: [{ pattern: "metrics.>", class: "best-effort" }] };
    starting = MeshProcess.start(meshTopology("pair"), { node: () => ({ config }) });
    starting.catch(() => undefined);
  });
  afterAll(async () => {
    await (await starting)[Symbol.asyncDispose]();
  });

  for (const [from, to] of [["alice", "bob"], ["bob", "alice"]]) {
    it(`what ${from} publishes comes to ${to} once, in no ledger but their own`, async () => {
      const mesh = await starting;
      const type = `metrics.of.${from}`;
      const subscription = { protocol: "PULL", config: { topic: type } };
      const put = await mesh.node(to).call("PUT", `/v1/subscriptions/of-${from}?ready=mesh`, subscription);
      expect(put).toMatchObject({ status: 201, body: { missing: [] } });
      const ids = Array.from({ length: EVENTS }, (_, i) => `${from}-${i}`);
      const published = await Promise.all(ids.map((id) => mesh.node(from).publish({ id, type, data: { id } })));
      expect(new Set(published.map(({ status }) => status))).toEqual(new Set([202]));
      const got: string[] = [];
      await eventually(async () => {
        const pull = { max: 100, waitMs: 1000 };
        const { body } = await mesh.node(to).call("POST", `/v1/subscriptions/of-${from}/pull`, pull);
        got.push(...body.events.map(({ event }: { event: { id: string } }) => event.id));
        expect(got.length).toBeGreaterThanOrEqual(EVENTS);
      }, PATIENCE);
      expect(got.sort()).toEqual(ids.sort());
      const origin = (await mesh.node(from).call("GET", "/v1/ledger")).body;
      expect(origin.bestEffort.destinations).toEqual([{ destination: to, sent: EVENTS, dropped: {} }]);
      expect([origin.entries, origin.balanced]).toEqual([[], true]);
      expect((await mesh.node(to).call("GET", "/v1/ledger")).body.bestEffort).toMatchObject({
        arrived: EVENTS,
        repeats: 0,
      });
    }, 60_000);
  }

  it("explain, trace and the answer to a publisher that waits say what it is", async () => {
    const mesh = await starting;
    const alice = mesh.node("alice");
    const explained = (await alice.call("GET", "/v1/explain?topic=metrics.of.alice")).body;
    expect(explained.destinations).toMatchObject([{ cluster: "bob", class: "best-effort", reason: "OK" }]);
    const waited = await alice.publish({ id: "waited", type: "metrics.of.alice" }, {
      "weft-ack": "all",
      prefer: "wait=5",
    });
    expect(waited).toMatchObject({ status: 202, body: { pending: ["bob"] } });
    const traced = (await alice.call("GET", "/v1/trace?source=/shops/alice&id=waited")).body;
    expect(traced.destinations).toEqual([{ cluster: "bob", state: "sent", reason: "BEST_EFFORT" }]);
  }, 60_000);
});

describe("a neighbour of alice, who publishes orders as best-effort,", () => {
  const metric = { specversion: "1.0", id: "m1", source: "/strangers", type: "invoice.sent" };

  async function meet(classes?: readonly string[]) {
    const traffic = [{ pattern: "order.>", class: "best-effort" }];
    const node = await NodeProcess.start({ config: { node: { id: "alice" }, federation: { name: "shop" }, traffic } });
    await node.call("PUT", "/v1/subscriptions/books", { protocol: "PULL", config: { topic: "invoice.>" } });
    const stranger = await Stranger.join({
      url: String(node.ready.nats),
      federation: "shop",
      self: "stranger",
      classes,
    });
    await eventually(async () => {
      const { destinations } = (await node.call("GET", "/v1/explain?topic=order.placed")).body;
      expect(destinations[0]?.path).toEqual(["alice", "stranger"]);
    }, PATIENCE);
    return { node, stranger };
  }

  it("that says nothing of classes gets them in custody", async () => {
    const { node, stranger } = await meet();
    await using _node = node;
    await using _stranger = stranger;
    expect((await node.publish({ id: "1", type: "order.placed" })).status).toBe(202);
    await eventually(() => expect(stranger.frames.flatMap(({ events }) => events)).toHaveLength(1), PATIENCE);
    expect(stranger.looseFrames).toEqual([]);
    const { entries, bestEffort } = (await node.call("GET", "/v1/ledger")).body;
    expect(entries).toMatchObject([{ destination: "stranger", accepted: 1, balanced: true }]);
    expect(bestEffort.sent).toBe(0);
  }, 60_000);

  it(
    "that says it knows the class gets them without, and may send such frames, each of which counts once",
    async () => {
      const { node, stranger } = await meet(["custody", "best-effort"]);
      await using _node = node;
      await using _stranger = stranger;
      expect((await node.publish({ id: "1", type: "order.placed", data: { total: 42 } })).status).toBe(202);
      const frame = await eventually(() => stranger.looseFrames[0] ?? false, PATIENCE);
      expect([frame.sequence, stranger.frames]).toEqual([1, []]);
      expect(frame.events[0]).toMatchObject({
        origin: "alice",
        hops: ["alice"],
        topic: "order.placed",
        data: '{"total":42}',
      });
      const record = writeRecord(metric, '{"number":1}');
      stranger.sendLoose(record);
      stranger.sendLoose(record, { sequence: 1 });
      stranger.sendLoose(record, { sequence: 2 });
      await eventually(async () => {
        const { bestEffort } = (await node.call("GET", "/v1/ledger")).body;
        expect(bestEffort).toMatchObject({ sent: 1, arrived: 1, repeats: 2 });
      }, PATIENCE);
      await eventually(() => expect(stranger.hello.received["best-effort"]).toMatchObject({ sequence: 2 }), PATIENCE);
      const { body } = await node.call("POST", "/v1/subscriptions/books/pull", { max: 10, waitMs: 0 });
      expect(body.events.map(({ event }: { event: { id: string } }) => event.id)).toEqual(["m1"]);
      expect(stranger.relayed.filter(({ kind }) => kind === "receipt")).toEqual([]);
    },
    60_000,
  );
});
