import { describe, expect, it } from "bun:test";

import { type BrokenMeshRule, checkMesh } from "./mesh_checker.ts";
import type { MeshLine } from "./mesh_history.ts";

/** Alice publishes four events, two of each topic; bob wants those of the second topic (1 and 3). */
const ALL_IS_WELL: readonly MeshLine[] = [
  { type: "subscriber", subscriber: "audit", cluster: "bob", topics: ["load.b"], inOrder: true },
  { type: "publisher", publisher: "alice.1", clusters: ["alice"], topics: ["load.a", "load.b"] },
  { type: "sent", publisher: "alice.1", first: 1, last: 4 },
  { type: "accepted", publisher: "alice.1", first: 1, last: 4 },
  { type: "struck", fault: "kill", target: "bob", inFlight: 2 },
  { type: "pulling", request: 1 },
  { type: "pulled", request: 1, subscriber: "audit", events: ["alice.1:1", "alice.1:3"] },
  { type: "acknowledged", request: 1 },
  { type: "logged", cluster: "alice", events: ["alice.1:1", "alice.1:2", "alice.1:3", "alice.1:4"] },
  { type: "logged", cluster: "bob", events: ["alice.1:1", "alice.1:3"] },
];

function broken(history: readonly MeshLine[]): BrokenMeshRule[] {
  return checkMesh(history).violations.map(({ rule }) => rule);
}

function pulled(request: number, ...events: string[]): MeshLine[] {
  return [{ type: "pulling", request }, { type: "pulled", request, subscriber: "audit", events }];
}

function without(type: MeshLine["type"]): MeshLine[] {
  return ALL_IS_WELL.filter((line) => line.type !== type);
}

describe("checkMesh()", () => {
  it("finds nothing wrong where every event came once, and counts", () => {
    expect(checkMesh(ALL_IS_WELL)).toEqual({
      violations: [],
      figures: { accepted: 4, wanted: 2, handedOutAgain: 0, outOfOrder: 0, inFlight: [2] },
    });
  });

  it("LOST: accepted and wanted, and never pulled", () => {
    expect(broken([...without("pulled"), ...pulled(1, "alice.1:1")])).toEqual(["LOST"]);
  });

  it("RETURNED: pulled by a request that began after the acknowledgement", () => {
    expect(broken([...ALL_IS_WELL, ...pulled(2, "alice.1:3")])).toEqual(["RETURNED"]);
  });

  it("RETURNED: not what an older copy of the data directory does not know to be acknowledged, but what it knows", () => {
    const copied: MeshLine = { type: "copied", cluster: "bob" };
    const again: MeshLine[] = [{ type: "restored", cluster: "bob" }, ...pulled(2, "alice.1:3")];
    const at = ALL_IS_WELL.findIndex(({ type }) => type === "acknowledged");
    expect(broken([...ALL_IS_WELL.slice(0, at), copied, ...ALL_IS_WELL.slice(at), ...again])).toEqual([]);
    expect(broken([...ALL_IS_WELL, copied, ...again])).toEqual(["RETURNED"]);
    const elsewhere: MeshLine[] = [{ type: "restored", cluster: "alice" }, ...pulled(2, "alice.1:3")];
    expect(broken([...ALL_IS_WELL.slice(0, at), copied, ...ALL_IS_WELL.slice(at), ...elsewhere])).toEqual(["RETURNED"]);
  });

  it("counts as handed out again what comes twice before it was acknowledged", () => {
    const { violations, figures } = checkMesh([...without("acknowledged"), ...pulled(2, "alice.1:3")]);
    expect([violations, figures.handedOutAgain]).toEqual([[], 1]);
  });

  it("REPEATED: twice in the log of a cluster, on whatever page", () => {
    expect(broken([...ALL_IS_WELL, { type: "logged", cluster: "bob", events: ["alice.1:3"] }])).toEqual(["REPEATED"]);
  });

  it("INVENTED: pulled or logged, and never sent", () => {
    expect(broken([...ALL_IS_WELL, ...pulled(2, "alice.1:5")])).toEqual(["INVENTED"]);
    expect(broken([...ALL_IS_WELL, { type: "logged", cluster: "bob", events: ["alice.1:5"] }])).toEqual(["INVENTED"]);
  });

  it("UNWANTED: pulled or logged where nobody asked for it and nobody published it", () => {
    expect(broken([...ALL_IS_WELL, ...pulled(2, "alice.1:4")])).toEqual(["UNWANTED"]);
    expect(broken([...ALL_IS_WELL, { type: "logged", cluster: "bob", events: ["alice.1:4"] }])).toEqual(["UNWANTED"]);
  });

  it("DISORDERED: first seen after a later one, unless the subscriber allows it", () => {
    const turned = [...without("pulled"), ...pulled(1, "alice.1:3", "alice.1:1")];
    expect(broken(turned)).toEqual(["DISORDERED"]);
    const allowing = turned.map((line) => line.type === "subscriber" ? { ...line, inOrder: false } : line);
    const { violations, figures } = checkMesh(allowing);
    expect([violations, figures.outOfOrder]).toEqual([[], 1]);
  });

  it("EMPTY: nothing was accepted that anybody wanted", () => {
    expect(broken([])).toEqual(["EMPTY"]);
    expect(broken(without("accepted"))).toEqual(["EMPTY"]);
  });
});
