/** Subscriptions of a real node: the resource, pulling and acknowledging, seek, pause and expiry, also over a kill. */

import { describe, expect, it } from "bun:test";

import type { ApiAnswer } from "../support/http_api.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";

const PATIENCE = { timeoutMs: 20_000 };
const AUDIT = "/v1/subscriptions/audit";

async function startWithAudit(config: Record<string, unknown> = {}): Promise<NodeProcess> {
  const node = await NodeProcess.start();
  const answer = await node.call("PUT", AUDIT, { protocol: "PULL", config });
  if (answer.status !== 201) throw new Error(`Cannot subscribe: ${answer.text}`);
  return node;
}

interface Pulled {
  readonly ackId: string;
  readonly attempt: number;
  readonly event: { readonly id: string };
}

async function pull(node: NodeProcess, body: unknown = { waitMs: 10_000 }): Promise<Pulled[]> {
  const answer = await node.call("POST", `${AUDIT}/pull`, body);
  if (answer.status !== 200) throw new Error(`Cannot pull: ${answer.text}`);
  return answer.body.events;
}

const ack = (node: NodeProcess, body: unknown): Promise<ApiAnswer> => node.call("POST", `${AUDIT}/ack`, body);
const ids = (pulled: readonly Pulled[]) => pulled.map(({ event }) => event.id);
const ackIds = (pulled: readonly Pulled[]) => pulled.map(({ ackId }) => ackId);

describe("the subscription resource", () => {
  it("is made by POST with an id and a Location", async () => {
    await using node = await NodeProcess.start();
    const made = await node.call("POST", "/v1/subscriptions", { config: { topic: "order.>" }, protocol: "PULL" });
    expect(made.status).toBe(201);
    const location = made.headers.get("location")!;
    expect(location).toBe(`/v1/subscriptions/${made.body.id}`);
    expect((await node.call("GET", location)).body).toMatchObject({ id: made.body.id, config: { topic: "order.>" } });
  });

  it("is made, replaced, listed and removed under a name of one's own", async () => {
    await using node = await NodeProcess.start();
    expect((await node.call("PUT", AUDIT, { config: { topic: "a.>" } })).status).toBe(201);
    expect((await node.call("PUT", AUDIT, { config: { topic: "b.>" } })).status).toBe(200);
    const { body } = await node.call("GET", "/v1/subscriptions");
    expect(body.subscriptions).toMatchObject([{ id: "audit", config: { topic: "b.>" } }]);
    expect((await node.call("DELETE", AUDIT)).status).toBe(204);
    expect((await node.call("GET", AUDIT)).status).toBe(404);
  });

  it("tells how it is doing", async () => {
    await using node = await startWithAudit();
    await node.publish({ id: "1" });
    await node.publish({ id: "2" });
    const [first] = await pull(node, { max: 1, waitMs: 10_000 });
    await ack(node, { ack: [first.ackId] });
    const { status } = (await node.call("GET", AUDIT)).body;
    expect(status).toMatchObject({ state: "active", lag: 1, delivered: 1, deadLettered: 0, lastError: null });
    expect(status.cursor).not.toMatch(/^\d+$/);
  });

  it("keeps its place when it is replaced, and over a restart", async () => {
    await using node = await startWithAudit();
    for (const id of ["1", "2"]) await node.publish({ id });
    const [first] = await pull(node, { max: 1, waitMs: 10_000 });
    await ack(node, { ack: [first.ackId] });
    await node.call("PUT", AUDIT, { protocol: "PULL", config: { maxInFlight: 5 } });
    expect((await node.stop()).code).toBe(0);
    await node.restart();
    expect(ids(await pull(node))).toEqual(["2"]);
  });

  it("is refused with the place of the mistake", async () => {
    await using node = await NodeProcess.start();
    const mistakes: readonly (readonly [unknown, Record<string, unknown>])[] = [
      [{ filters: [{ sql: "amount >" }] }, { code: "INVALID_FILTER", position: 8 }],
      [{ filters: [{ regex: { id: "." } }] }, { code: "INVALID_FILTER" }],
      [{ filters: [{ exact: {} }] }, { code: "INVALID_FILTER" }],
      [{ config: { topic: "a..b" } }, { code: "INVALID_PATTERN" }],
      [{ config: { retries: 5 } }, { code: "INVALID_SUBSCRIPTION", path: "config.retries" }],
      [{ protocol: "HTTP" }, { code: "INVALID_SUBSCRIPTION", path: "sink" }],
    ];
    for (const [body, problem] of mistakes) {
      expect(await node.call("PUT", AUDIT, body)).toMatchObject({ status: 400, body: problem });
    }
  });
});

describe("a subscription that is pulled", () => {
  it("waits for an event and answers as soon as there is one", async () => {
    await using node = await startWithAudit();
    const waiting = pull(node, { waitMs: 20_000 });
    await node.publish({ id: "1" });
    expect(ids(await waiting)).toEqual(["1"]);
  });

  it("gives an event again, as the next attempt, when nobody acknowledges it", async () => {
    await using node = await startWithAudit({ ackTimeoutMs: 100 });
    await node.publish({ id: "1" });
    expect(await pull(node)).toMatchObject([{ attempt: 1 }]);
    expect(await pull(node)).toMatchObject([{ attempt: 2, event: { id: "1" } }]);
  });

  it("gives a refused event again after the delay that was asked for", async () => {
    await using node = await startWithAudit();
    await node.publish({ id: "1" });
    const [{ ackId }] = await pull(node);
    const from = performance.now();
    expect((await ack(node, { nack: [{ ackId, delayMs: 300 }] })).status).toBe(200);
    expect(await pull(node)).toMatchObject([{ attempt: 2 }]);
    expect(performance.now() - from).toBeGreaterThanOrEqual(290);
  });

  it("keeps an event while its lease is extended", async () => {
    await using node = await startWithAudit({ ackTimeoutMs: 3000 });
    await node.publish({ id: "1" });
    const [{ ackId }] = await pull(node);
    const from = performance.now();
    while (performance.now() - from < 4000) {
      expect((await ack(node, { extend: [ackId] })).body.extended ?? 1).toBe(1);
      expect(await pull(node, { waitMs: 200 })).toEqual([]);
    }
    expect((await ack(node, { ack: [ackId] })).status).toBe(200);
  });

  it("never gives again what it acknowledged with 2xx, even after a kill at that very moment", async () => {
    await using node = await startWithAudit({ ackTimeoutMs: 100 });
    const all = Array.from({ length: 50 }, (_, n) => String(n));
    await Promise.all(all.map((id) => node.publish({ id })));
    const pulled: Pulled[] = [];
    while (pulled.length < 50) pulled.push(...await pull(node, { max: 50, waitMs: 10_000 }));
    const done = pulled.slice(0, 25);
    expect((await ack(node, { ack: ackIds(done) })).status).toBe(200);
    await node.kill();
    await node.restart();
    const again = new Set<string>();
    await eventually(async () => {
      for (const id of ids(await pull(node, { max: 100, waitMs: 200 }))) again.add(id);
      return all.filter((id) => !ids(done).includes(id)).every((id) => again.has(id));
    }, PATIENCE);
    expect(ids(done).filter((id) => again.has(id))).toEqual([]);
  });

  it("begins where it is told to, and again after a seek", async () => {
    await using node = await NodeProcess.start();
    for (const id of ["1", "2", "3"]) await node.publish({ id });
    await node.call("PUT", AUDIT, { protocol: "PULL", config: { since: "earliest" } });
    const all = await pull(node);
    expect(ids(all)).toEqual(["1", "2", "3"]);
    await ack(node, { ack: ackIds(all) });
    expect((await node.call("POST", `${AUDIT}/seek`, { since: 2 })).status).toBe(200);
    const again = await pull(node);
    expect(ids(again)).toEqual(["2", "3"]);
    await ack(node, { ack: ackIds(again) });
    await node.call("POST", `${AUDIT}/seek`, { since: "now" });
    expect(await pull(node, { waitMs: 0 })).toEqual([]);
  });

  it("seeks to a time", async () => {
    await using node = await startWithAudit();
    await node.publish({ id: "1" });
    const { acceptedAt } = (await node.call("GET", "/v1/events")).body.events[0];
    await eventually(() => Date.now() > Date.parse(acceptedAt) + 5);
    await node.publish({ id: "2" });
    await node.call("POST", `${AUDIT}/seek`, { since: new Date(Date.parse(acceptedAt) + 1).toISOString() });
    expect(ids(await pull(node))).toEqual(["2"]);
  });

  it("is refused while paused, 409, and loses nothing meanwhile", async () => {
    await using node = await startWithAudit();
    await node.call("PATCH", AUDIT, { paused: true });
    await node.publish({ id: "1" });
    await node.kill();
    await node.restart();
    const refused = await node.call("POST", `${AUDIT}/pull`, {});
    expect(refused).toMatchObject({ status: 409, body: { code: "SUBSCRIPTION_PAUSED" } });
    await node.call("PATCH", AUDIT, { paused: false });
    expect(ids(await pull(node))).toEqual(["1"]);
  });

  it("expires", async () => {
    await using node = await startWithAudit({ expiresInMs: 300 });
    await eventually(async () => {
      expect((await node.call("GET", AUDIT)).body.status.state).toBe("expired");
    }, PATIENCE);
    expect((await node.call("POST", `${AUDIT}/pull`, {})).status).toBe(410);
  });

  it("shares its events with the members of its group, each once", async () => {
    await using node = await startWithAudit({ group: "billing" });
    await node.call("PUT", "/v1/subscriptions/other", { protocol: "PULL", config: { group: "billing" } });
    for (const id of ["1", "2", "3", "4"]) await node.publish({ id });
    const first = await pull(node, { max: 2, waitMs: 10_000 });
    const second = await node.call("POST", "/v1/subscriptions/other/pull", { max: 10, waitMs: 10_000 });
    expect([...ids(first), ...ids(second.body.events)].sort()).toEqual(["1", "2", "3", "4"]);
  });

  it("refuses a member of a group that wants something else, 409", async () => {
    await using node = await startWithAudit({ group: "billing", topic: "a.>" });
    const other = { protocol: "PULL", config: { group: "billing", topic: "b.>" } };
    expect(await node.call("PUT", "/v1/subscriptions/other", other)).toMatchObject({
      status: 409,
      body: { code: "GROUP_MISMATCH" },
    });
  });

  it("does not give out what has outlived its time", async () => {
    await using node = await startWithAudit();
    await node.publish({ id: "1" }, { "weft-ttl-ms": "30" });
    const { acceptedAt } = (await node.call("GET", "/v1/events")).body.events[0];
    await eventually(() => Date.now() > Date.parse(acceptedAt) + 100);
    await node.publish({ id: "2" });
    expect(ids(await pull(node))).toEqual(["2"]);
    await eventually(async () => {
      expect((await node.call("GET", AUDIT)).body.status.expired).toBe(1);
    }, PATIENCE);
  });
});
