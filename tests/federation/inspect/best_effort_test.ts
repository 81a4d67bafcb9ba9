/** What people see of events of class best-effort, in a mesh of real nodes: before, after, and counted. */

import { describe, expect, it } from "bun:test";

import { explainEvent, traceEvent } from "../../../adapters/federation/mod.ts";
import { bestEffortLedger, eachRoutes, ledgerEntries } from "../../../federation/mod.ts";
import { anEvent } from "../../support/events.ts";
import { MemoryMesh } from "../../support/memory_mesh.ts";

/** Alice, bob and charlie in a row; what alice publishes on `metrics.>` is best-effort, and bob and charlie want it. */
async function openRow(): Promise<MemoryMesh> {
  const traffic = [{ pattern: "metrics.>", lane: "normal", class: "best-effort" }] as const;
  const mesh = await MemoryMesh.open(["alice-bob", "bob-charlie"], { alice: { traffic } });
  for (const cluster of ["bob", "charlie"]) await mesh.subscribe(cluster, `of-${cluster}`, "metrics.>");
  return mesh;
}

const METRIC = { source: "/shops/alice", type: "metrics.cpu" };

async function explain(mesh: MemoryMesh, type = METRIC.type) {
  const { node, federation } = mesh.get("alice");
  return await mesh.run(explainEvent({ node, federation }, type, anEvent({ ...METRIC, type, id: "asked" })));
}

async function trace(mesh: MemoryMesh, id: string) {
  const { node, federation } = mesh.get("alice");
  return (await mesh.run(traceEvent({ node, federation }, { source: METRIC.source, id })))!;
}

describe("explainEvent() of an event of class best-effort", () => {
  it("says of each destination that it leaves without custody, by which path, and what that means", async () => {
    await using mesh = await openRow();
    const { destinations, stopped } = await explain(mesh);
    expect(destinations.map(({ cluster, class: kind, reason, path }) => `${cluster} ${kind} ${reason} ${path}`))
      .toEqual([
        "bob best-effort OK alice,bob",
        "charlie best-effort OK alice,bob,charlie",
      ]);
    expect(destinations[0].detail).toContain("it leaves once, and is lost if");
    expect(stopped).toEqual([]);
    await mesh.subscribe("bob", "orders", "order.>");
    expect((await explain(mesh, "order.placed")).destinations.map(({ class: kind }) => kind)).toEqual(["custody"]);
  });

  it("says that it is dropped where there is no path", async () => {
    await using mesh = await openRow();
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    const { destinations, stopped } = await explain(mesh);
    expect(destinations[1]).toMatchObject({ cluster: "charlie", state: "dropped", reason: "NO_PATH" });
    expect(stopped).toMatchObject([{ where: "charlie", reason: "NO_PATH" }]);
    expect(stopped[0].detail).toContain('best-effort: no path to "charlie"');
  });
});

describe("traceEvent() of an event of class best-effort", () => {
  it("shows its hops and deliveries, and of its origin that it was sent: nobody told more", async () => {
    await using mesh = await openRow();
    await mesh.publish("alice", { ...METRIC, id: "1" });
    const traced = await trace(mesh, "1");
    expect(traced.hops.map(({ from, cluster, to }) => `${from} > ${cluster} > ${to}`)).toEqual([
      "null > alice > bob",
      "alice > bob > charlie",
      "bob > charlie > ",
    ]);
    expect(traced.destinations).toEqual([
      { cluster: "bob", state: "sent", reason: "BEST_EFFORT" },
      { cluster: "charlie", state: "sent", reason: "BEST_EFFORT" },
    ]);
    expect(traced.deliveries.map(({ subscription }) => subscription)).toEqual(["of-bob", "of-charlie"]);
  });

  it("says where it was dropped, and why: at the origin, and on the way", async () => {
    await using mesh = await openRow();
    mesh.get("charlie").full = true;
    await mesh.publish("alice", { ...METRIC, id: "1" });
    const last = (await trace(mesh, "1")).hops.at(-1)!;
    expect([last.cluster, last.dropped]).toEqual(["charlie", [{ cluster: "charlie", reason: "NO_ROOM" }]]);
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { ...METRIC, id: "2" });
    expect((await trace(mesh, "2")).destinations).toEqual([
      { cluster: "bob", state: "sent", reason: "BEST_EFFORT" },
      { cluster: "charlie", state: "dropped", reason: "NO_PATH" },
    ]);
  });
});

describe("bestEffortLedger()", () => {
  it("counts what was sent, passed on, arrived and dropped, apart from the ledger of what is in custody", async () => {
    await using mesh = await openRow();
    await mesh.publish("alice", { ...METRIC, id: "1" });
    mesh.get("charlie").full = true;
    await mesh.publish("alice", { ...METRIC, id: "2" });
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    await mesh.publish("alice", { ...METRIC, id: "3" });
    const [alice, bob, charlie] = ["alice", "bob", "charlie"].map((name) =>
      bestEffortLedger(mesh.get(name).federation)
    );
    expect(alice).toEqual({
      ...{ sent: 5, forwarded: 0, arrived: 0, repeats: 0, dropped: { NO_PATH: 1 } },
      destinations: [
        { destination: "bob", sent: 3, dropped: {} },
        { destination: "charlie", sent: 2, dropped: { NO_PATH: 1 } },
      ],
    });
    expect(bob).toMatchObject({ sent: 0, forwarded: 2, arrived: 3, dropped: {} });
    expect(charlie).toMatchObject({ sent: 0, forwarded: 0, arrived: 1, dropped: { NO_ROOM: 1 }, destinations: [] });
    expect(ledgerEntries(mesh.get("alice").federation)).toEqual([]);
  });
});

describe("Federation.whenInCustody()", () => {
  it("waits for nobody who gets an event without custody, and names them: they never say that they have it", async () => {
    await using mesh = await openRow();
    await mesh.publish("alice", { ...METRIC, id: "1" });
    const { federation, store } = mesh.get("alice");
    const event = { cluster: "alice", epoch: store.incarnation.epoch, sequence: store.head, position: store.head };
    let pending: readonly string[] | undefined;
    federation.whenInCustody([event], { level: "all", timeoutMs: 10_000 }, (names) => pending = names);
    expect(pending).toEqual(["bob", "charlie"]);
  });
});

describe("an ordered subscription", () => {
  it("waits for nothing of class best-effort, which has no place in the chain, whatever is in custody beside it", async () => {
    await using mesh = await openRow();
    await mesh.subscribe("charlie", "in-order", ">", { config: { ordered: true } });
    const { subscriptions } = mesh.get("charlie").node;
    const pulled = async (): Promise<string[]> => {
      const events = await mesh.run(subscriptions.pull("in-order", { max: 10, waitMs: 0 }));
      return events.map(({ delivery }) => delivery.stored.event.attributes.id);
    };
    // Each has a key of its own, so that none waits for an acknowledgement.
    const publish = (id: string, type: string) =>
      mesh.publish("alice", { ...METRIC, id, type, attributes: { subject: id } });
    await publish("1", "metrics.cpu");
    expect(await pulled()).toEqual(["1"]);
    for (
      const [id, type] of [["2", "order.placed"], ["3", "metrics.cpu"], ["4", "metrics.cpu"], ["5", "order.placed"]]
    ) {
      await publish(id, type);
    }
    await publish("6", "metrics.cpu");
    expect(await pulled()).toEqual(["2", "3", "4", "5", "6"]);
  });
});

describe("eachRoutes() of events of class best-effort", () => {
  it("says that without a path they are dropped, and that others wait", async () => {
    await using mesh = await openRow();
    mesh.cut("bob-charlie");
    await mesh.clock.advance(2000);
    const reason = (topic?: string) =>
      [...eachRoutes(mesh.get("alice").federation, { topic, destination: "charlie" })][0].way.reason;
    expect(reason("metrics.cpu")).toContain('its events of "metrics.cpu" are dropped');
    expect(reason("order.placed")).toContain("its events wait here until there is one");
    expect(reason("order.placed")).not.toContain("dropped");
    expect(reason()).toContain("wait here until there is one; those of the class best-effort are dropped");
  });
});
