import { beforeEach, describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { Want } from "../../../federation/local_cluster.ts";
import { RemoteInterest, type Wanted } from "../../../federation/routing/interest/mod.ts";
import { anEvent } from "../../support/events.ts";

import { aGroup, aWant, events, isWantedBy, topics, wants } from "./interest_support.ts";

let remote: RemoteInterest;

beforeEach(() => {
  remote = new RemoteInterest();
});

function neverAsked(): never {
  throw new Error("the event was asked for");
}

function clustersFor(topic: string): readonly string[] {
  return remote.match(topic, () => anEvent()).map(({ cluster }) => cluster);
}

type Tables = Map<string, Map<number, readonly Want[]>>;

/** What `match()` must answer, said as simply as can be. */
function modelMatch(tables: Tables, topic: string, event: ReturnType<typeof anEvent>): Wanted[] {
  return [...tables].sort(([a], [b]) => a < b ? -1 : 1).flatMap(([cluster, shards]) => {
    const matching = [...shards.values()].flat().filter((want) => isWantedBy(want, topic, event));
    const groups = new Map(matching.flatMap(({ group, groupKey }) => group === undefined ? [] : [[groupKey!, group]]));
    const ungrouped = matching.some(({ group }) => group === undefined);
    if (matching.length === 0) return [];
    return [{
      cluster,
      ungrouped,
      groups: [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([key, name]) => ({ name, key })),
    }];
  });
}

describe("RemoteInterest.match()", () => {
  it("answers as the wants say, whatever changed before", () => {
    const change = fc.record({
      cluster: fc.constantFrom("alice", "bob", "charlie"),
      shard: fc.nat({ max: 2 }),
      wants: fc.array(wants, { maxLength: 5 }),
    });
    const steps = fc.array(fc.tuple(change, topics, events), { maxLength: 20 });
    fc.assert(
      fc.property(steps, (all) => {
        const interest = new RemoteInterest();
        const tables: Tables = new Map();
        for (const [{ cluster, shard, wants: told }, topic, event] of all) {
          interest.set(cluster, shard, told);
          tables.set(cluster, (tables.get(cluster) ?? new Map()).set(shard, told));
          // Twice: the second answer comes from memory.
          for (let i = 0; i < 2; i++) {
            expect(interest.match(topic, () => event)).toEqual(modelMatch(tables, topic, event));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("never asks for the event where no filter does", () => {
    remote.set("alice", 0, [aWant("order.>"), aGroup("billing", "order.placed")]);
    remote.set("bob", 0, [aWant("order.*", { filter: { source: "/a" } }), aWant("order.>")]);
    expect(remote.match("order.placed", neverAsked)).toEqual([
      { cluster: "alice", ungrouped: true, groups: [{ name: "billing", key: "billing:1" }] },
      { cluster: "bob", ungrouped: true, groups: [] },
    ]);
  });

  it("asks for the event once, however many filters there are", () => {
    const filtered = ["/a", "/b", "/c"].map((source) => aWant("order.>", { filter: { source } }));
    remote.set("alice", 0, filtered);
    remote.set("bob", 0, filtered);
    let asked = 0;
    const event = () => {
      asked++;
      return anEvent({ source: "/c" });
    };
    expect(remote.match("order.placed", event)).toHaveLength(2);
    expect(asked).toBe(1);
  });

  it("appends to what it is given, which later answers do not touch", () => {
    remote.set("alice", 0, [aWant("order.>")]);
    const first = remote.match("order.placed", neverAsked, []);
    const again = remote.match("order.placed", neverAsked, [...first]);
    expect(first).toHaveLength(1);
    expect(again).toHaveLength(2);
  });

  it("answers the very same list each time a topic repeats, and an empty one where nobody wants it", () => {
    remote.set("alice", 0, [aWant("order.>")]);
    expect(remote.match("order.placed", neverAsked)).toBe(remote.match("order.placed", neverAsked));
    expect(remote.match("audit", neverAsked)).toEqual([]);
    expect(remote.match("audit", neverAsked)).toBe(remote.match("audit.other", neverAsked));
  });

  it("tells groups of one name but different definitions apart", () => {
    remote.set("alice", 0, [aGroup("billing", "order.>"), aGroup("billing", "order.*", { groupKey: "billing:2" })]);
    expect(remote.match("order.placed", neverAsked)[0].groups.map(({ key }) => key)).toEqual([
      "billing:1",
      "billing:2",
    ]);
  });
});

describe("RemoteInterest.set()", () => {
  it("replaces one shard and leaves the others", () => {
    remote.set("alice", 0, [aWant("order.>")]);
    remote.set("alice", 1, [aWant("audit.>")]);
    remote.set("alice", 0, [aWant("invoice.>")]);
    expect(clustersFor("order.placed")).toEqual([]);
    expect(clustersFor("audit.done")).toEqual(["alice"]);
    expect(remote.size).toBe(2);
  });

  it("forgets a cluster whose last shard goes", () => {
    remote.set("alice", 3, [aWant("order.>")]);
    remote.set("alice", 3, []);
    expect(remote.clusters()).toEqual([]);
    expect(remote.size).toBe(0);
  });

  it("takes a cluster that tells too much to want everything, and holds no more of it", () => {
    for (let shard = 0; shard < 64; shard++) {
      remote.set(
        "mallory",
        shard,
        Array.from({ length: 400 }, (_, i) => aWant(`s${shard}.n${i}`, { durable: i === 0 })),
      );
    }
    expect(remote.size).toBeLessThanOrEqual(8192 + 64);
    expect(clustersFor("s63.n399")).toEqual(["mallory"]);
    expect(remote.wantsOf("mallory")[0]).toEqual({ pattern: ">", durable: true, collapsed: 400 });
  });

  it("bounds what one cluster's filters take as well", () => {
    const types = Array.from({ length: 64 }, (_, i) => `${i}`.padEnd(1000, "x"));
    for (let shard = 0; shard < 64; shard++) {
      const heavy = Array.from({ length: 4 }, (_, i) => aWant(`s${shard}.n${i}`, { filter: { types } }));
      remote.set("mallory", shard, heavy);
    }
    expect(remote.wantsOf("mallory").filter(({ filter }) => filter !== undefined).length).toBeLessThan(10);
    expect(clustersFor("s63.n3")).toEqual(["mallory"]);
  });

  it("takes what a cluster tells in its old and its new shards at once", () => {
    const all = Array.from({ length: 4000 }, (_, i) => aWant(`order.n${i}`));
    remote.set("alice", 0, all);
    remote.set("alice", 1, all);
    expect(remote.wantsOf("alice").every(({ pattern }) => pattern !== ">")).toBe(true);
    expect(clustersFor("order.n7")).toEqual(["alice"]);
  });
});

describe("RemoteInterest.dropLive()", () => {
  beforeEach(() => {
    remote.set("alice", 0, [aWant("order.>"), aWant("audit.>", { durable: false })]);
    expect(clustersFor("audit.done")).toEqual(["alice"]);
    remote.dropLive("alice");
  });

  it("leaves durable wants", () => {
    expect(clustersFor("order.placed")).toEqual(["alice"]);
    expect(clustersFor("audit.done")).toEqual([]);
    expect(remote.wantsOf("alice").map(({ pattern }) => pattern)).toEqual(["order.>"]);
  });

  it("holds for what the cluster tells meanwhile", () => {
    remote.set("alice", 1, [aWant("metrics.>", { durable: false })]);
    expect(clustersFor("metrics.cpu")).toEqual([]);
  });

  it("is undone by restore(), without the cluster's telling it again", () => {
    remote.set("alice", 1, [aWant("metrics.>", { durable: false })]);
    remote.restore("alice");
    expect(clustersFor("audit.done")).toEqual(["alice"]);
    expect(clustersFor("metrics.cpu")).toEqual(["alice"]);
    remote.restore("alice");
    expect(remote.size).toBe(3);
  });

  it("counts a version up when a cluster joins the list or leaves it, and only then", () => {
    const before = remote.tellersVersion;
    remote.set("bob", 0, [aWant("order.>")]);
    const joined = remote.tellersVersion;
    expect(joined).toBeGreaterThan(before);
    remote.set("bob", 0, [aWant("audit.>")]);
    expect(remote.tellersVersion).toBe(joined);
    remote.set("bob", 0, []);
    expect(remote.tellersVersion).toBeGreaterThan(joined);
  });

  it("keeps a cluster in the list that told nothing durable", () => {
    remote.set("bob", 0, [aWant("order.>", { durable: false })]);
    remote.dropLive("bob");
    expect(remote.clusters()).toEqual(["alice", "bob"]);
    remote.set("bob", 0, []);
    expect(remote.clusters()).toEqual(["alice"]);
  });
});

describe("RemoteInterest.clear()", () => {
  it("forgets all that a cluster told and nothing of the others", () => {
    remote.set("alice", 0, [aWant("order.>")]);
    remote.set("alice", 5, [aWant("audit.>")]);
    remote.set("bob", 0, [aWant("order.>")]);
    remote.clear("alice");
    expect(remote.clusters()).toEqual(["bob"]);
    expect(clustersFor("order.placed")).toEqual(["bob"]);
    expect(remote.size).toBe(1);
  });
});

describe("RemoteInterest.explain()", () => {
  it("names the wants that match and what stops the others, by cluster and pattern", () => {
    remote.set("bob", 0, [aWant("order.>"), aWant("audit.>")]);
    remote.set("alice", 0, [aWant("order.*", { filter: { types: ["order.paid"] } })]);
    const explained = remote.explain("order.placed", anEvent({ type: "order.placed" }));
    expect(explained.map(({ cluster, want, stoppedBy }) => [cluster, want.pattern, stoppedBy])).toEqual([
      ["alice", "order.*", 'types: type "order.placed" is none of order.paid'],
      ["bob", "order.>", undefined],
    ]);
  });

  it("lets those through that match() names", () => {
    fc.assert(fc.property(fc.array(wants, { maxLength: 10 }), topics, events, (told, topic, event) => {
      const interest = new RemoteInterest();
      interest.set("alice", 0, told);
      const passes = interest.explain(topic, event).some(({ stoppedBy }) => stoppedBy === undefined);
      expect(interest.match(topic, () => event).length).toBe(passes ? 1 : 0);
    }));
  });
});

describe("RemoteInterest.patternsOf()", () => {
  it("lists each pattern of a cluster once, in order, with the time of the first want", () => {
    const filtered = (pattern: string, source: string) => aWant(pattern, { filter: { source } });
    remote.set("bob", 0, [filtered("order.>", "/a"), aGroup("billing", "order.>")], 20);
    remote.set("bob", 1, [filtered("order.>", "/b"), filtered("audit", "/a")], 10);
    remote.set("alice", 0, [aWant("audit")], 30);
    expect(remote.patternsOf("bob")).toEqual([{ pattern: "audit", since: 10 }, { pattern: "order.>", since: 10 }]);
    expect(remote.patternsOf("alice")).toEqual([{ pattern: "audit", since: 30 }]);
    expect(remote.patternsOf("charlie")).toEqual([]);
  });
});

describe("RemoteInterest.versionOf()", () => {
  it("changes with what counts of that cluster, also when it comes back, and with nothing of another", () => {
    const versions = (): number => remote.versionOf("bob");
    expect(versions()).toBe(0);
    const seen = new Set<number>();
    for (
      const change of [
        () => remote.set("bob", 0, [aWant("a", { durable: false }), aWant("b")]),
        () => remote.set("bob", 0, [aWant("a", { durable: false }), aWant("c")]),
        () => remote.dropLive("bob"),
        () => remote.restore("bob"),
        () => (remote.clear("bob"), remote.set("bob", 0, [aWant("a")])),
      ]
    ) {
      change();
      seen.add(versions());
    }
    expect(seen.size).toBe(5);
    remote.set("alice", 0, [aWant("a")]);
    remote.set("bob", 0, [aWant("a")]);
    expect(seen.has(versions())).toBe(true);
  });
});

describe("RemoteInterest.version", () => {
  it("grows when something else is wanted, not when the same is told again", () => {
    remote.set("alice", 0, [aWant("order.>"), aWant("audit.>", { durable: false })]);
    const first = remote.version;
    remote.set("alice", 0, [aWant("audit.>", { durable: false }), aWant("order.>")]);
    expect(remote.version).toBe(first);
    remote.dropLive("alice");
    expect(remote.version).toBeGreaterThan(first);
  });
});
