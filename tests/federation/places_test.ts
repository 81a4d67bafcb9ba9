import { describe, expect, it } from "bun:test";

import { placeChange, Places } from "../../federation/custody/places.ts";
import { CHAIN_START } from "../../federation/link/codec/mod.ts";

const first = { linkEpoch: 2, sequence: 1, chain: { hi: 1, lo: 2 } };
const second = { linkEpoch: 2, sequence: 2, chain: { hi: 3, lo: 4 } };

describe("Places", () => {
  it("begins before the first frame", () => {
    expect(new Places().staged("alice", "normal")).toEqual({ linkEpoch: 0, sequence: 0, chain: CHAIN_START });
  });

  it("tells what waits for the disk from what is durable", () => {
    const places = new Places();
    places.settle("alice", "normal", first);
    places.stage("alice", "normal", second);
    expect([places.durable("alice", "normal"), places.staged("alice", "normal")]).toEqual([first, second]);
  });

  it("goes back to what is durable with unstage()", () => {
    const places = new Places();
    places.settle("alice", "normal", first);
    places.stage("alice", "normal", second);
    places.unstage();
    expect(places.staged("alice", "normal")).toEqual(first);
  });

  it("keeps neighbours and lanes apart", () => {
    const places = new Places();
    places.settle("alice", "normal", first);
    expect(places.durable("alice", "bulk").sequence).toBe(0);
    expect(places.durable("bob", "normal").sequence).toBe(0);
  });

  it("brings a place back from its document", () => {
    const { key, value } = placeChange({ peer: "alice", lane: "normal", ...second });
    const places = new Places();
    places.load(key, value!);
    expect(places.durable("alice", "normal")).toEqual(second);
  });
});
