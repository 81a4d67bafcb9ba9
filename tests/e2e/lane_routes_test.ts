/** Lanes that take different ways between real nodes, Bun and Deno, by the tags of a link. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { weft } from "../adapters/cli_support.ts";
import { eventually } from "../support/eventually.ts";
import { MeshProcess } from "../support/mesh/mesh_process.ts";
import { meshTopology } from "../support/mesh/mesh_topology.ts";

const PATIENCE = { timeoutMs: 20_000, intervalMs: 50 };

/** Alice dials bob over a satellite, which metrics never take; charlie is linked with both. */
const start = (): Promise<MeshProcess> =>
  MeshProcess.start(meshTopology("triangle"), {
    node: (cluster, urlOf) => {
      const links = cluster === "alice" ? [{ url: urlOf("bob"), tags: ["satellite"] }] : [];
      const federation = { links, tagCosts: [{ tag: "satellite", cost: "never", lanes: ["bulk"] }] };
      return { config: { federation, traffic: [{ pattern: "metrics.>", lane: "bulk" }] } };
    },
  });

describe("alice, bob and charlie, of whose links one is a satellite", () => {
  let starting: Promise<MeshProcess>;
  beforeAll(() => {
    starting = start();
    starting.catch(() => undefined);
  });
  afterAll(async () => {
    await (await starting)[Symbol.asyncDispose]();
  });

  /** The clusters that an event crossed on its way to bob. */
  async function pathOf(mesh: MeshProcess, id: string): Promise<string[]> {
    const { body } = await mesh.node("alice").call("GET", `/v1/trace?source=/tests&id=${id}`);
    return body.hops.map(({ cluster }: { cluster: string }) => cluster);
  }

  it("each event goes the way that its lane may take, as the routes, explain and the trace say", async () => {
    const mesh = await starting;
    const alice = mesh.node("alice");
    const subscription = { protocol: "PULL", config: { topic: ">" } };
    await mesh.node("bob").call("PUT", "/v1/subscriptions/all?ready=mesh", subscription);
    await eventually(async () => {
      const { body } = await alice.call("GET", "/routes?destination=bob");
      expect(body.routes).toMatchObject([{
        path: ["alice", "bob"],
        lanes: [{ lane: "bulk", path: ["alice", "charlie", "bob"], state: "active" }],
      }]);
    }, PATIENCE);
    for (const [type, path] of [["order.placed", ["alice", "bob"]], ["metrics.cpu", ["alice", "charlie", "bob"]]]) {
      const explained = (await alice.call("GET", `/v1/explain?topic=${type}`)).body;
      expect(explained.destinations).toMatchObject([{ cluster: "bob", path, reason: "OK" }]);
      await alice.publish({ id: `${type}`, source: "/tests", type: `${type}` });
      await eventually(async () => expect(await pathOf(mesh, `${type}`)).toEqual(path as string[]), PATIENCE);
    }
    expect((await mesh.node("bob").call("GET", "/v1/links")).body.links)
      .toMatchObject([{ peer: "alice", tags: ["satellite"] }, { peer: "charlie", tags: [] }]);
  }, 60_000);

  it("the commands show the tags, and what a cut would do to which lane", async () => {
    const mesh = await starting;
    const run = (...words: string[]) =>
      weft(words, { environment: { WEFT_URL: mesh.node("alice").url }, columns: 200 });
    expect((await run("links")).output).toMatch(/^PEER .* TAGS .*\nbob +up .* satellite /);
    expect((await run("simulate", "--cut", "alice-charlie")).output)
      .toMatch(/^>  +bob +alice > charlie > bob +\d+ +- +- +parked +bulk$/m);
    expect((await run("simulate", "--cut", "alice-bob", "--json")).json.changes)
      .toMatchObject([{ before: ["alice", "bob"], after: ["alice", "charlie", "bob"], lanes: ["normal", "high"] }]);
  }, 60_000);

  it("what may not take the only way that is left waits, says why, and goes on when its own is back", async () => {
    const mesh = await starting;
    const alice = mesh.node("alice");
    mesh.link("bob", "charlie").refuse();
    mesh.link("bob", "charlie").cut();
    await eventually(async () => {
      const { body } = await alice.call("GET", "/v1/explain?topic=metrics.cpu");
      expect(body.destinations).toMatchObject([{ cluster: "bob", state: "parked", reason: "PARKED" }]);
      expect(body.stopped[0].detail).toContain('a link with the tag "satellite"');
    }, PATIENCE);
    await alice.publish({ id: "waits", source: "/tests", type: "metrics.cpu" });
    await alice.publish({ id: "passes", source: "/tests", type: "order.placed" });
    const stateOf = async (id: string): Promise<string> =>
      (await alice.call("GET", `/v1/trace?source=/tests&id=${id}`)).body.destinations[0].state;
    await eventually(async () => expect(await stateOf("passes")).toBe("delivered"), PATIENCE);
    expect(await stateOf("waits")).toBe("parked");
    mesh.link("bob", "charlie").heal();
    await eventually(async () => expect(await stateOf("waits")).toBe("delivered"), PATIENCE);
    expect(await pathOf(mesh, "waits")).toEqual(["alice", "charlie", "bob"]);
  }, 60_000);
});

describe("two nodes of which one has no rules for tags", () => {
  it("each says that the other has other rules", async () => {
    await using mesh = await MeshProcess.start(meshTopology("pair"), {
      node: (cluster) => {
        const tagCosts = cluster === "alice" ? [{ tag: "slow", cost: 50 }] : [];
        return { config: { federation: { tagCosts } } };
      },
    });
    for (const [one, other] of [["alice", "bob"], ["bob", "alice"]]) {
      await eventually(() => {
        expect(mesh.node(one).stderr).toContain(`\\"${other}\\" has other rules in federation.tagCosts`);
        return Promise.resolve();
      }, PATIENCE);
    }
  }, 60_000);
});
