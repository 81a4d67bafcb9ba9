/** Nodes that are stopped as planned, in processes: nobody has to find out, whoever dialled whom. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { MeshProcess } from "../support/mesh/mesh_process.ts";
import { meshTopology } from "../support/mesh/mesh_topology.ts";

async function linksOf(mesh: MeshProcess, cluster: string): Promise<string[]> {
  const { body } = await mesh.node(cluster).call("GET", "/v1/links");
  return body.links.map(({ state }: { state: string }) => state);
}

/** Alice dials bob, bob dials charlie, charlie dials alice. */
describe("a triangle of which bob is stopped, and started again", () => {
  let starting: Promise<MeshProcess>;
  beforeAll(() => {
    starting = MeshProcess.start(meshTopology("triangle")).then(async (mesh) => {
      // There is a way to everybody before every link is there.
      await eventually(async () => {
        for (const cluster of mesh.clusters) expect(await linksOf(mesh, cluster)).toEqual(["up", "up"]);
      }, { timeoutMs: 20_000 });
      return mesh;
    });
    starting.catch(() => undefined);
  });
  afterAll(async () => {
    await (await starting)[Symbol.asyncDispose]();
  });

  const stateOfBob = async (mesh: MeshProcess, at: string): Promise<string> =>
    (await mesh.node(at).call("GET", "/v1/peers")).body.peers.find(({ cluster }: { cluster: string }) =>
      cluster === "bob"
    ).state;

  it("knows at once that he has left: at alice, who had dialled him, and at charlie, whom he had dialled", async () => {
    const mesh = await starting;
    const { code } = await mesh.node("bob").stop();
    expect(code).toBe(0);
    // He is gone only after he has said so: no silence has to be waited for.
    expect([await stateOfBob(mesh, "alice"), await stateOfBob(mesh, "charlie")]).toEqual(["left", "left"]);
    for (const cluster of ["alice", "charlie"]) {
      expect((await linksOf(mesh, cluster)).filter((state) => state === "up")).toEqual(["up"]);
    }
  }, 60_000);

  it("calls that no fault: it is in the logs as information", async () => {
    const mesh = await starting;
    for (const cluster of ["alice", "charlie"]) {
      const log = mesh.node(cluster).stderr;
      expect(log).toMatch(/"INFO","message":"LINK_DOWN: lost the link with \\"bob\\": \\"bob\\" has left/);
      expect(log).toMatch(/"INFO","message":"CLUSTER_LEFT/);
      expect(log).not.toContain("CLUSTER_LOST");
    }
    expect(mesh.node("bob").stderr).toMatch(/"INFO","message":"LINK_DOWN/);
    expect(mesh.node("bob").stderr).not.toMatch(/"WARN","message":"(LINK_DOWN|CLUSTER_LOST)/);
  }, 60_000);

  it("finds him again when he is back", async () => {
    const mesh = await starting;
    await mesh.node("bob").restart();
    await eventually(async () => {
      expect([await stateOfBob(mesh, "alice"), await stateOfBob(mesh, "charlie")]).toEqual(["alive", "alive"]);
    }, { timeoutMs: 20_000 });
  }, 60_000);
});
