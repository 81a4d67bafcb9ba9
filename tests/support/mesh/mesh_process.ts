/**
 * A mesh of real nodes, each a process of its own, Bun and Deno by turns, joined through proxies that can do to a link
 * what networks do.
 *
 * @example
 * await using mesh = await MeshProcess.start(meshTopology("ring"));
 * mesh.link("alice", "bob").blackHole();
 * await mesh.node("alice").kill();
 */

import { createServer } from "node:net";

import type { Runtime } from "../../../scripts/check/mod.ts";
import { eventually } from "../eventually.ts";
import { FaultProxy } from "../fault_proxy.ts";
import { NodeProcess, type NodeProcessOptions } from "../node_process.ts";
import type { MeshTopology } from "./mesh_topology.ts";

export interface MeshProcessOptions {
  /** By the cluster's place in the topology. Default: Bun, Deno, Bun … */
  readonly runtimes?: readonly Runtime[];
  /** What a node gets beyond its id, its port and whom it joins. */
  readonly node?: (cluster: string, urlOf: (peer: string) => string) => Partial<NodeProcessOptions>;
}

/** A loaded machine starts seven nodes in less. */
const WAYS_TIMEOUT_MS = 60_000;
/** Below what systems hand out to outgoing connections: a port stays free while its node is down. */
const PORT_MIN = 20_000;
const PORT_MAX = 31_999;

export class MeshProcess implements AsyncDisposable {
  readonly topology: MeshTopology;
  readonly #nodes = new Map<string, NodeProcess>();
  readonly #links = new Map<string, FaultProxy>();

  private constructor(topology: MeshTopology) {
    this.topology = topology;
  }

  /** Starts every node, and waits until each knows a way to all the others. */
  static async start(topology: MeshTopology, options: MeshProcessOptions = {}): Promise<MeshProcess> {
    const mesh = new MeshProcess(topology);
    try {
      await mesh.#start(options);
      await mesh.connected();
    } catch (error) {
      await mesh[Symbol.asyncDispose]();
      throw error;
    }
    return mesh;
  }

  get clusters(): readonly string[] {
    return this.topology.clusters;
  }

  get links(): readonly FaultProxy[] {
    return [...this.#links.values()];
  }

  node(cluster: string): NodeProcess {
    const node = this.#nodes.get(cluster);
    if (node === undefined) throw new RangeError(`Cannot find node "${cluster}": it is not part of the mesh`);
    return node;
  }

  /** What stands between two neighbours, named in either order. `up` leads from the one that dials. */
  link(a: string, b: string): FaultProxy {
    const link = this.#links.get(`${a}-${b}`) ?? this.#links.get(`${b}-${a}`);
    if (link === undefined) throw new RangeError(`Cannot find link "${a}-${b}": they are no neighbours`);
    return link;
  }

  /** Where the nodes that `cluster` dials are met. */
  joinUrls(cluster: string): string[] {
    return this.topology.links.filter(([from]) => from === cluster).map(([a, b]) => this.link(a, b).url);
  }

  /** Waits until each of these knows a way to all the others of them. */
  async connected(clusters: readonly string[] = this.clusters): Promise<void> {
    await eventually(async () => {
      for (const cluster of clusters) {
        const { status, body, text } = await this.node(cluster).call("GET", "/v1/clusters");
        if (status !== 200) throw new Error(`Cannot read the clusters of "${cluster}": ${text}`);
        const reached = reachableOf(body.clusters);
        const missing = clusters.filter((other) => other !== cluster && !reached.has(other));
        if (missing.length > 0) throw new Error(`Cannot go on: "${cluster}" knows no way to ${missing.join(", ")}`);
      }
    }, { timeoutMs: WAYS_TIMEOUT_MS, intervalMs: 50 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node[Symbol.asyncDispose]()));
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
  }

  async #start({ runtimes = ["bun", "deno"], node }: MeshProcessOptions): Promise<void> {
    const { clusters, links } = this.topology;
    const ports = new Map<string, number>();
    for (const cluster of clusters) ports.set(cluster, await fixedPort([...ports.values()]));
    for (const [a, b] of links) this.#links.set(`${a}-${b}`, await FaultProxy.start({ port: ports.get(b)! }));
    await settledAll(clusters.map(async (cluster, index) => {
      const more = node?.(cluster, (peer) => this.link(cluster, peer).url) ?? {};
      const started = await NodeProcess.start({
        runtime: runtimes[index % runtimes.length],
        ...more,
        flags: ["--id", cluster, ...this.joinUrls(cluster).flatMap((url) => ["--join", url]), ...more.flags ?? []],
        env: { WEFT_NATS__PORT: String(ports.get(cluster)), ...more.env },
      });
      this.#nodes.set(cluster, started);
    }));
  }
}

/** The first failure, but not before all have ended: what started has to be stopped. */
async function settledAll(waiting: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(waiting)) if (outcome.status === "rejected") throw outcome.reason;
}

function reachableOf(clusters: readonly { cluster: string; reachable: boolean }[]): Set<string> {
  return new Set(clusters.filter(({ reachable }) => reachable).map(({ cluster }) => cluster));
}

/** A port that is free now and that nobody is given by chance. */
async function fixedPort(taken: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1));
    if (!taken.includes(port) && await isFree(port)) return port;
  }
  throw new Error(`Cannot find a port: a hundred between ${PORT_MIN} and ${PORT_MAX} are taken`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
