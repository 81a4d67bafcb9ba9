import { describe, expect, it } from "bun:test";

import { CHAIN_START, type Hello } from "../../federation/link/codec/mod.ts";
import { OwnHellos } from "../../federation/link/own_hellos.ts";
import { Places } from "../../federation/custody/places.ts";
import { anIdentity } from "./hello_support.ts";

const CONGESTED: readonly string[] = [];

function own() {
  const places = new Places();
  const mesh = { root: "0000000000000001" };
  const bestEffort = { sequence: 0 };
  const credit = { bulk: 1000 };
  const hellos = new OwnHellos();
  const identity = anIdentity();
  const say = ({ peer = "bob", linkEpoch = 1, congested = CONGESTED, reason = undefined as Hello["reason"] } = {}) =>
    hellos.to({ peer, linkEpoch }, {
      identity,
      ackAfterSync: true,
      places,
      bestEffort: {
        received: () =>
          bestEffort.sequence === 0
            ? undefined
            : { linkEpoch: 3, sequence: bestEffort.sequence, chain: "0000000000000000" },
      },
      root: mesh.root,
      congested: { congested: [...congested] },
      loopLagMs: 0,
      creditBytes: { ...credit },
      reason,
    });
  return { places, mesh, bestEffort, credit, say };
}

describe("OwnHellos.to()", () => {
  it("is the same object as long as nothing of it has changed", () => {
    const { places, say } = own();
    const hello = say();
    places.settle("charlie", "normal", { linkEpoch: 9, sequence: 1, chain: CHAIN_START });
    expect(say()).toBe(hello);
    places.settle("bob", "normal", { linkEpoch: 9, sequence: 1, chain: CHAIN_START });
    expect(say()).not.toBe(hello);
    expect(say()).toBe(say());
  });

  it("says what has changed: a frame that came, the records, the link epoch, credit, who is congested, a reason", () => {
    const { places, mesh, bestEffort, credit, say } = own();
    expect(Object.values(say().received).filter((lane) => lane !== undefined)).toEqual([]);
    places.settle("bob", "bulk", { linkEpoch: 4, sequence: 7, chain: { hi: 1, lo: 0xff } });
    expect(say().received).toMatchObject({ bulk: { sequence: 7, chain: "00000001000000ff" } });
    places.settle("bob", "bulk", { linkEpoch: 4, sequence: 8, chain: CHAIN_START });
    expect(say().received).toMatchObject({ bulk: { sequence: 8, chain: "0000000000000000" } });
    bestEffort.sequence = 1;
    expect(say().received).toMatchObject({ "best-effort": { sequence: 1 } });
    bestEffort.sequence = 2;
    expect(say().received).toMatchObject({ "best-effort": { sequence: 2 } });
    credit.bulk = 500;
    expect(say().creditBytes).toEqual({ bulk: 500 });
    mesh.root = "0000000000000002";
    expect(say().root).toBe("0000000000000002");
    expect(say({ linkEpoch: 2 }).linkEpoch).toBe(2);
    expect(say({ congested: ["dave"] }).congested).toEqual(["dave"]);
    const reason = { code: "LEAVING", detail: "it stops" };
    expect(say({ reason }).reason).toEqual(reason);
  });

  it("tells each neighbour of its own frames only", () => {
    const { places, say } = own();
    places.settle("bob", "high", { linkEpoch: 4, sequence: 7, chain: CHAIN_START });
    expect(say({ peer: "bob" }).received).toMatchObject({ high: { sequence: 7 } });
    expect(say({ peer: "charlie" }).received.high).toBeUndefined();
  });
});
