/** Which process speaks for each cluster: a newer one replaces an older one, which is then told to be quiet. */

import type { Meet } from "./codec/mod.ts";

/** Who a process is, as far as it matters which of two speaks for a cluster. */
export type Identity = Pick<Meet, "cluster" | "node" | "epoch" | "instance" | "url">;
type Process = Pick<Meet, "epoch" | "instance">;

/**
 * A link that is lost for a moment lets no older process in: what that acknowledges is gone with its disk. A process that is
 * dead is silent for longer.
 */
const OLDER_MS = 1000;
/** Of two that have just started with the same data neither is there yet; a copy of one that is gone is a restored node. */
const COPY_MS = 5000;

export class Peers {
  readonly #known = new Map<string, Identity>();
  readonly #self: Identity;

  constructor(self: Identity) {
    this.#self = self;
  }

  /**
   * A reason when another process of that cluster is known that goes first, and is there: one that is gone may be
   * followed by an older one, whose data directory was restored. `isThere`: linked, or heard so lately.
   */
  judge(
    them: Identity,
    isThere: (cluster: string, withinMs: number) => boolean,
  ): { readonly code: string; readonly detail: string } | undefined {
    if (them.cluster === this.#self.cluster) return undefined; // judged as a duplicate of this node
    const known = this.#known.get(them.cluster);
    if (known === undefined || known.instance === them.instance) return undefined;
    if (known.node !== them.node && isThere(them.cluster, 0)) return unshared(known, them);
    if (goesBefore(them, known)) return undefined;
    const isCopy = counter(known) === counter(them); // a restart counts on, so it is none
    if (!isThere(them.cluster, isCopy ? COPY_MS : OLDER_MS)) return undefined;
    return whyQuarantined(them, known, `node "${known.node}"`);
  }

  urlOf(cluster: string): string | undefined {
    return this.#known.get(cluster)?.url;
  }

  /** This process speaks for the cluster from now on; true when it replaces another. */
  note(them: Identity): boolean {
    const known = this.#known.get(them.cluster);
    const isOther = known !== undefined && known.instance !== them.instance;
    // A HELLO does not say again where the process can be dialled.
    this.#known.set(them.cluster, isOther ? them : { ...them, url: them.url ?? known?.url });
    return isOther;
  }
}

/** Whoever comes second, however new: else a slip of the pen in one node's settings would cut off another. */
function unshared(known: Identity, { cluster, node }: Identity): { readonly code: string; readonly detail: string } {
  return {
    code: "CLUSTER_NEEDS_SHARED_STORE",
    detail:
      `node "${node}" says that it is cluster "${cluster}", which is node "${known.node}" already, with a store of ` +
      `its own; give "${node}" a cluster of its own, or stop "${known.node}" first if it is to take its place`,
  };
}

/** `where`: what is known of the process that goes first, for people. */
export function whyQuarantined(
  them: Identity,
  first: Process,
  where: string,
): { readonly code: string; readonly detail: string } {
  const why = counter(first) === counter(them)
    ? "another process, started as often, speaks for it: two nodes were given one name, or a data directory was copied"
    : "a newer process speaks for it";
  return {
    code: "QUARANTINED",
    detail: `cluster "${them.cluster}" of node "${them.node}" is quarantined: ${why} (${where}); ` +
      "stop one of the two, or give it another cluster name and an empty data directory",
  };
}

/** The higher counter goes first; on a cloned disk, where they are equal, the larger instance. */
export function goesBefore(a: Process, b: Process): boolean {
  return counter(a) === counter(b) ? a.instance > b.instance : counter(a) > counter(b);
}

function counter({ epoch }: Process): number {
  return Math.floor(epoch / 2 ** 32);
}
