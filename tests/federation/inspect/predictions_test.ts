/** What `explain` predicts of an event is what then happens to it, whatever the mesh looks like and wants. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { explainEvent, traceEvent } from "../../../adapters/federation/mod.ts";
import { anEvent } from "../../support/events.ts";
import { type MemberOptions, MemoryMesh } from "../../support/memory_mesh.ts";

const NAMES = ["alice", "bob", "charlie", "dora"] as const;
const TOPICS = ["order.placed", "order.placed", "order.cancelled", "user.created"] as const;
const PATTERNS = ["order.>", "order.placed", "order.*", "*.created", ">"] as const;
const REGIONS = ["eu", "us", undefined] as const;
const FILTERS: Record<string, unknown>[][] = [[], [{ exact: { region: "eu" } }], [{ sql: "amount > 10" }], [{
  prefix: { region: "u" },
}]];

const definition = fc.record({
  topic: fc.constantFrom(...PATTERNS),
  group: fc.option(fc.constantFrom("workers", "billing"), { nil: undefined }),
  filters: fc.constantFrom(...FILTERS),
  scope: fc.constantFrom("mesh", "mesh", "cluster"),
});

const subscription = fc.record({ cluster: fc.constantFrom(...NAMES), definition: fc.nat(2), paused: fc.boolean() });

const state = fc.record({
  /** A tree, by the place that each cluster but the first hangs on, and links beside it. */
  parents: fc.tuple(fc.nat(0), fc.nat(1), fc.nat(2)),
  extra: fc.boolean(),
  cut: fc.option(fc.nat(2), { nil: undefined }),
  /** A link that is dear, or forbidden, to events of one topic. */
  tagged: fc.option(fc.record({ link: fc.nat(2), cost: fc.constantFrom(50, Infinity) }), { nil: undefined }),
  /** Few, so that groups have members in several clusters. */
  definitions: fc.tuple(definition, definition, definition),
  subscriptions: fc.array(subscription, { minLength: 2, maxLength: 7 }),
  event: fc.record({
    at: fc.constantFrom(...NAMES),
    type: fc.constantFrom(...TOPICS),
    region: fc.constantFrom(...REGIONS),
    amount: fc.constantFrom(5, 50),
  }),
});

type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

async function openState(given: State): Promise<MemoryMesh> {
  const { parents, extra, cut, definitions, subscriptions } = given;
  const links = parents.map((parent, i) => `${NAMES[parent]}-${NAMES[i + 1]}`);
  if (extra && !links.includes("alice-dora")) links.push("alice-dora");
  const mesh = await MemoryMesh.open(links, Object.fromEntries(NAMES.map((name) => [name, optionsOf(name, given)])));
  for (const [i, { cluster, definition, paused }] of subscriptions.entries()) {
    const { topic, group, filters, scope } = definitions[definition];
    // The members of a group must agree: those of one name have one definition, in whichever cluster.
    const config = { scope, ...group !== undefined && { group: `${group}-${definition}` } };
    await mesh.subscribe(cluster, `s${i}`, topic, { filters, config });
    if (paused) await mesh.get(cluster).node.subscriptions.setPaused(`s${i}`, true);
  }
  if (cut !== undefined) {
    mesh.cut(links[cut]);
    await mesh.clock.advance(3000);
  }
  return mesh;
}

function optionsOf(name: string, { parents, tagged }: State): MemberOptions {
  if (tagged === undefined) return {};
  const dials = name === NAMES[tagged.link + 1];
  return {
    traffic: [{ pattern: "order.placed", lane: "bulk" }],
    tagCosts: [{ tag: "dear", cost: tagged.cost, lanes: ["bulk"] }],
    tags: dials ? { [NAMES[parents[tagged.link]]]: ["dear"] } : {},
  };
}

describe("explainEvent()", () => {
  it("predicts what a publish then does: destinations, who is parked, and who gets it", async () => {
    const met = new Set<string>();
    const property = fc.asyncProperty(state, async (given) => {
      await using mesh = await openState(given);
      const { at, type, region, amount } = given.event;
      const event = anEvent({ id: "1", type, attributes: { region, amount } });
      const { node, federation } = mesh.get(at);
      const predicted = await mesh.run(explainEvent({ node, federation }, type, event));
      await mesh.publish(at, { id: "1", type, attributes: { region, amount } });
      await mesh.clock.advance(2000);
      const traced = (await mesh.run(traceEvent({ node, federation }, { source: "/shops/alice", id: "1" })))!;

      const others = predicted.destinations.filter(({ cluster }) => cluster !== at);
      expect(traced.destinations.map(({ cluster, state }) => [cluster, state])).toEqual(
        others.map(({ cluster, state }) => [cluster, state === "parked" ? "parked" : "delivered"]).sort(),
      );
      const names = (rows: readonly { cluster: string; subscription: string | null }[]) =>
        rows.map(({ cluster, subscription }) => `${cluster}/${subscription}`).sort();
      const gets = predicted.destinations.flatMap(({ cluster, subscriptions }) =>
        subscriptions.map(({ id }) => ({ cluster, subscription: id }))
      );
      const reached = ({ cluster }: { cluster: string }) =>
        cluster === at || others.some((other) => other.cluster === cluster && other.state !== "parked");
      const waiting = traced.deliveries.filter(({ outcome, detail }) =>
        outcome === "pending" && !detail.startsWith("paused")
      );
      expect(names(waiting)).toEqual(names(gets.filter(reached).filter(({ subscription }) => subscription !== null)));
      const filtered = traced.deliveries.filter(({ outcome }) => outcome === "filtered").filter(reached);
      const said = predicted.stopped.filter(({ reason }) => reason === "FILTERED")
        .map(({ where, subscription }) => ({ cluster: where, subscription }));
      for (const name of names(filtered)) expect(names(said)).toContain(name);
      for (const { reason } of [...predicted.destinations, ...predicted.stopped]) met.add(reason);
      expect(mesh.errors).toEqual([]);
    });
    await fc.assert(property, { numRuns: 80 });
    // Else it would predict nothing of what it is about.
    for (const reason of ["OK", "FILTERED", "PARKED", "PAUSED", "OUT_OF_SCOPE", "GROUP_ELSEWHERE"]) {
      expect(met).toContain(reason);
    }
  }, 60_000);
});
