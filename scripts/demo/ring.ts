/** Five clusters of one node each on this machine, each linked with two others; one of the links can be broken. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { FaultProxy } from "../../tests/support/fault_proxy.ts";
import { NodeProcess } from "../../tests/support/node_process.ts";
import { binaryOf, type Runtime } from "../check/mod.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** In the order of the ring. */
const CLUSTERS = ["paris", "berlin", "warsaw", "vienna", "milan"] as const;

export type ClusterName = (typeof CLUSTERS)[number];

/** Of each link. So much more than a round trip here, in ms, that the way with fewer links is always the cheaper one. */
const LINK_COST = 1000;

export class Ring implements AsyncDisposable {
  readonly #nodes = new Map<ClusterName, NodeProcess>();
  #fragile: FaultProxy | undefined;
  #starting: Promise<NodeProcess> | undefined;
  #disposed = false;

  /** Starts them one after the other; each joins the one before it, the last one the first one, too. */
  async start(onStarted: (cluster: ClusterName, node: NodeProcess) => void): Promise<void> {
    const runtimes = installedRuntimes();
    for (const [index, cluster] of CLUSTERS.entries()) {
      const links = await this.#linksOf(cluster);
      this.#starting = NodeProcess.start({
        runtime: runtimes[index % runtimes.length],
        config: { node: { id: cluster }, federation: { name: "demo", links } },
      });
      const node = await this.#starting;
      this.#nodes.set(cluster, node);
      if (this.#disposed) return;
      onStarted(cluster, node);
    }
  }

  get clusters(): readonly ClusterName[] {
    return CLUSTERS;
  }

  node(cluster: ClusterName): NodeProcess {
    return this.#nodes.get(cluster)!;
  }

  /** From now on nothing passes between berlin and warsaw, and nobody is told: no connection is closed. */
  breakLink(): void {
    this.#fragile!.blackHole();
  }

  mendLink(): void {
    this.#fragile!.heal();
  }

  /** Lets the nodes finish and end, and removes what they kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#starting?.catch(() => {}); // whoever started it is told
    this.#fragile?.heal();
    await Promise.all([...this.#nodes.values()].map(stop));
    await this.#fragile?.[Symbol.asyncDispose]();
  }

  async #linksOf(cluster: ClusterName): Promise<readonly { readonly url: string; readonly cost: number }[]> {
    const index = CLUSTERS.indexOf(cluster);
    const urls: string[] = [];
    if (cluster === "warsaw") {
      const { port } = new URL(this.#natsOf("berlin"));
      this.#fragile = await FaultProxy.start({ port: Number(port) });
      urls.push(this.#fragile.url);
    } else if (index > 0) urls.push(this.#natsOf(CLUSTERS[index - 1]));
    if (index === CLUSTERS.length - 1) urls.push(this.#natsOf(CLUSTERS[0]));
    return urls.map((url) => ({ url, cost: LINK_COST }));
  }

  #natsOf(cluster: ClusterName): string {
    return String(this.node(cluster).ready.nats);
  }
}

async function stop(node: NodeProcess): Promise<void> {
  // Ctrl-C in a terminal has reached the node as well: it may be gone.
  if (node.end === undefined) await node.stop().catch(() => {});
  await node[Symbol.asyncDispose]();
}

/** Both, turn and turn about, unless one of them is missing on this machine. */
function installedRuntimes(): readonly Runtime[] {
  return (["bun", "deno"] as const).filter((runtime) => existsSync(binaryOf(root, runtime)));
}
