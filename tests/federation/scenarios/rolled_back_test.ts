import { describe, expect, it } from "bun:test";

import type { FederationMember } from "../../simulator/federation_member.ts";
import type { Simulation } from "../../simulator/simulation.ts";
import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

const LINE = { links: "paris-london london-oslo", wants: { oslo: ["order.>"] } };

/** Takes a cluster's data directory back to what it was before something happened; it is down for a second. */
function rollBack(mesh: Simulation, cluster: string, happen: () => void): void {
  const node = mesh.node(cluster);
  const copy = node.disk.snapshot();
  happen();
  node.stop({ powerLoss: false });
  node.disk.restore(copy, { told: false });
  mesh.run(1000);
  node.start();
}

/** Events that come to a cluster whose disk goes back before a receipt of them has left; answers their ids. */
function takeAlong(mesh: Simulation, cluster: string, count: number): string[] {
  const ids: string[] = [];
  rollBack(mesh, cluster, () => {
    ids.push(...publish(mesh, "paris", { count }));
    mesh.run(60);
    expect(arrived(mesh, cluster).slice(-count)).toEqual(ids);
  });
  return ids;
}

function federationOf(mesh: Simulation, cluster: string) {
  return (mesh.node(cluster).member as FederationMember).federation!;
}

function ledger(mesh: Simulation, origin: string, destination: string) {
  return mesh.node(origin).member!.books().ledger.find((line) => line.destination === destination)!;
}

describe("a data directory that goes back and takes along what nobody else has", () => {
  it("has its events sent again when it is their destination's, and had not told of them", () => {
    const mesh = formMesh(LINE);
    const before = publish(mesh, "paris", { count: 10 });
    mesh.run(2000);
    const lost = takeAlong(mesh, "oslo", 5);
    mesh.run(1000);
    expect(ledger(mesh, "paris", "oslo")).toMatchObject({ delivered: 10, outstanding: 5 });
    mesh.rest(60_000);
    expect(arrived(mesh, "oslo")).toEqual([...before, ...lost]);
    expect(ledger(mesh, "paris", "oslo")).toMatchObject({ accepted: 15, delivered: 15, evicted: 0 });
    expect(mesh.marks.toRecord()["notice: CUSTODY_LOST"]).toBe(1);
  });

  it("has its events sent again when it is that of a cluster on the way, which had them in custody", () => {
    const mesh = formMesh(LINE);
    const ids: string[] = [];
    mesh.node("oslo").stop({ powerLoss: false });
    mesh.run(3000);
    rollBack(mesh, "london", () => {
      ids.push(...publish(mesh, "paris", { count: 10 }));
      mesh.run(2000);
    });
    mesh.run(2000);
    mesh.node("oslo").start();
    mesh.rest(60_000);
    expect(arrived(mesh, "oslo")).toEqual(ids);
  });

  it("has its events end as evicted, PEER_ROLLED_BACK, when the origin's log has them no more; nothing needs them then", () => {
    const mesh = formMesh(LINE);
    const before = publish(mesh, "paris", { count: 10 });
    mesh.run(2000);
    takeAlong(mesh, "oslo", 5);
    const { disk } = mesh.node("paris");
    const last = disk.content.head;
    disk.content.thin(({ position }) => position === last);
    mesh.rest(60_000);
    expect(arrived(mesh, "oslo")).toEqual([...before, "paris-15"]);
    expect(ledger(mesh, "paris", "oslo")).toMatchObject({ accepted: 15, delivered: 11, evicted: 4, outstanding: 0 });
    const paris = federationOf(mesh, "paris");
    expect(paris.documents.size).toBe(0);
    expect(paris.needed).toEqual([{ pattern: ">", from: last + 1 }]);
    const { epoch } = paris.log.incarnation;
    const endOf = (sequence: number) =>
      paris.trace.find("paris", epoch, sequence).filter(({ direction }) => direction === "evicted");
    expect(endOf(last - 1)[0]).toMatchObject({ peer: "oslo", reason: "PEER_ROLLED_BACK" });
    expect(endOf(last)).toEqual([]);
  });

  it("does not end what a cluster that is away may still have", () => {
    const mesh = formMesh({ ...LINE, links: `${LINE.links} london-rome` });
    takeAlong(mesh, "oslo", 5);
    mesh.node("paris").disk.content.thin(() => false);
    mesh.node("rome").stop({ powerLoss: false });
    mesh.run(120_000);
    expect(ledger(mesh, "paris", "oslo")).toMatchObject({ evicted: 0, outstanding: 5 });
    mesh.node("rome").start();
    mesh.rest(60_000);
    expect(ledger(mesh, "paris", "oslo")).toMatchObject({ evicted: 5, outstanding: 0 });
  });

  it("is waited for no longer by a cluster that is away once that is forgotten", () => {
    const mesh = formMesh({ ...LINE, links: `${LINE.links} london-rome` });
    mesh.node("rome").stop({ powerLoss: false });
    mesh.run(5000);
    const lost = takeAlong(mesh, "oslo", 5);
    mesh.run(60_000);
    expect(ledger(mesh, "paris", "oslo").outstanding).toBe(5);
    federationOf(mesh, "paris").forget("rome");
    mesh.run(60_000);
    expect(ledger(mesh, "paris", "oslo")).toMatchObject({ delivered: 5, outstanding: 0 });
    expect(arrived(mesh, "oslo")).toEqual(lost);
  });

  it("is no reason to send anything again that only waits somewhere", () => {
    const mesh = formMesh(LINE);
    mesh.node("oslo").disk.full = true;
    const ids = publish(mesh, "paris", { count: 10 });
    mesh.run(180_000);
    expect(ledger(mesh, "paris", "oslo").outstanding).toBe(10);
    mesh.node("oslo").disk.full = false;
    mesh.rest(60_000);
    expect(federationOf(mesh, "paris").recovery.counts).toEqual({ sent: 0, evicted: 0 });
    expect(arrived(mesh, "oslo")).toEqual(ids);
  });
});
