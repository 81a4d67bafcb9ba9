import { describe, expect, it } from "bun:test";

import { Strangers } from "../../federation/link/strangers.ts";
import { linked } from "./linked_pair.ts";

const stranger = { code: "SELF", detail: "met itself", busName: "own endpoint", dialled: false, url: undefined };

describe("Strangers", () => {
  it("lists who was turned away in the last minute, each once, and since when", () => {
    const strangers = new Strangers();
    strangers.note("bob", { ...stranger, at: 0 });
    strangers.note("charlie", { ...stranger, at: 30_000 });
    strangers.note("bob", { ...stranger, at: 50_000 });
    expect(strangers.list(60_000).map(({ since, at }) => [since, at])).toEqual([[30_000, 30_000], [0, 50_000]]);
    expect(strangers.list(100_000).map(({ at }) => at)).toEqual([50_000]);
    expect(strangers.list(110_001)).toEqual([]);
  });

  it("begins anew when the reason is another one, or when it was silent for a minute", () => {
    const strangers = new Strangers();
    strangers.note("bob", { ...stranger, at: 0 });
    strangers.note("bob", { ...stranger, code: "QUARANTINED", at: 10_000 });
    expect(strangers.list(10_000)).toMatchObject([{ code: "QUARANTINED", since: 10_000 }]);
    strangers.note("bob", { ...stranger, code: "QUARANTINED", at: 70_001 });
    expect(strangers.list(70_001)).toMatchObject([{ since: 70_001 }]);
  });

  it("forget whom they are told to forget, and past 64 who was silent longest", () => {
    const strangers = new Strangers();
    for (let i = 0; i < 70; i++) strangers.note(`${i}`, { ...stranger, detail: `${i}`, at: i });
    strangers.note("6", { ...stranger, detail: "6", at: 70 });
    strangers.note("new", { ...stranger, detail: "new", at: 71 });
    const left = strangers.list(71).map(({ detail }) => detail);
    expect(left).toHaveLength(64);
    expect([left[0], left.at(-2), left.at(-1)]).toEqual(["8", "6", "new"]);
    strangers.forget("new");
    expect(strangers.list(71)).toHaveLength(63);
  });
});

describe("Links.strangers", () => {
  const codesOf = (links: { readonly strangers: readonly { readonly code: string }[] }) =>
    links.strangers.map(({ code }) => code);

  it("are there on both sides while they refuse each other, and gone a minute after", () => {
    const pair = linked({ alice: { federation: "globex" } });
    for (const { links } of [pair.alice, pair.bob]) expect(codesOf(links)).toEqual(["FEDERATION_MISMATCH"]);
    pair.world.advance(120_000);
    expect(codesOf(pair.alice.links)).toEqual(["FEDERATION_MISMATCH"]); // bob asks again and again
    pair.bobsBus.close();
    pair.bob.links.stop("stopped");
    pair.world.advance(61_000);
    expect(codesOf(pair.alice.links)).toEqual([]);
  });

  it("are no neighbours, nor who became one", () => {
    const pair = linked({ bob: { federation: "globex" } });
    expect(codesOf(pair.alice.links)).toHaveLength(1);
    pair.restartBob({});
    pair.world.advance(1000);
    expect(pair.alice.up).toEqual(["bob"]);
    expect(codesOf(pair.alice.links)).toEqual([]);
  });

  it("hold who was turned away at the endpoint, and tell of it once", () => {
    const { alice } = linked();
    for (let i = 0; i < 3; i++) alice.links.noteTurnedAway("10.0.0.9", "its federation.token differs");
    expect(alice.links.strangers).toMatchObject([{
      code: "TOKEN_REFUSED",
      detail: "its federation.token differs (it came from 10.0.0.9)",
      dialled: false,
    }]);
    expect(alice.codes.filter((code) => code === "TOKEN_REFUSED")).toHaveLength(1);
  });
});
