/**
 * Finds two processes that speak for one cluster where no neighbour sees both: each cluster says with which process it is
 * linked, so that whoever is linked with the one that goes second finds out by what others say (a copied data directory).
 */

import type { Federation } from "../federation.ts";
import { goesBefore, type Identity, whyQuarantined } from "../link/peers.ts";
import type { Speaker } from "../routing/paths/mod.ts";

type WitnessesParts = Pick<Federation, "world" | "self" | "topology" | "links">;

interface Reason {
  readonly code: string;
  readonly detail: string;
}

/** After a restart some neighbours still speak of the process before, until they have noticed. */
const LASTS_MS = 3000;
/** Processes remembered: of each there was a link. */
const SECONDS_MAX = 256;

interface Second {
  readonly process: Identity;
  readonly since: number;
}

export class Witnesses {
  readonly #parts: WitnessesParts;
  /** Processes that others go before, by instance. */
  readonly #seconds = new Map<string, Second>();

  constructor(parts: WitnessesParts) {
    this.#parts = parts;
  }

  /** To be called once a second. */
  look(): void {
    const { world, links } = this.#parts;
    const now = world.now();
    const processes = [...links.neighbours.values()].flatMap(({ active }) => active?.theirs ?? []);
    for (const process of processes) this.#note(process, now);
    for (const [instance, { process }] of this.#seconds) {
      if (this.#first(process) === undefined) this.#seconds.delete(instance);
    }
    for (const process of processes) {
      const reason = this.judge(process);
      if (reason !== undefined) links.quarantine(process.cluster, reason);
    }
  }

  /**
   * A reason to refuse a process: another one that goes before it is linked elsewhere, and has been for a while if this one is
   * linked here.
   */
  judge(process: Identity): Reason | undefined {
    if (this.#isEarly(process)) return undefined;
    const first = this.#first(process);
    return first && whyQuarantined(process, first.speaker, `linked with cluster "${first.witness}"`);
  }

  #isEarly({ cluster, instance }: Identity): boolean {
    const { world, links } = this.#parts;
    if (links.neighbours.get(cluster)?.active?.theirs?.instance !== instance) return false;
    const second = this.#seconds.get(instance);
    return second === undefined || world.now() - second.since < LASTS_MS;
  }

  #note(process: Identity, now: number): void {
    if (this.#seconds.has(process.instance) || this.#first(process) === undefined) return;
    if (this.#seconds.size >= SECONDS_MAX) this.#seconds.delete(this.#seconds.keys().next().value!);
    this.#seconds.set(process.instance, { process, since: now });
  }

  /** Who says that it is linked with a process of that cluster that goes before this one, and which one that is. */
  #first(process: Identity): { readonly witness: string; readonly speaker: Speaker } | undefined {
    const { topology, self } = this.#parts;
    for (const [witness, { links }] of topology.states) {
      if (witness === self || witness === process.cluster) continue;
      const report = links.find(({ peer, up }) => up && peer === process.cluster);
      const speaker = report?.speaker;
      if (speaker === undefined || speaker.instance === process.instance) continue;
      // What a cluster says counts while there is a way to it: else it may be long over.
      const isReachable = topology.table.nextHop(witness) !== undefined;
      if (isReachable && goesBefore(speaker, process)) return { witness, speaker };
    }
    return undefined;
  }
}
