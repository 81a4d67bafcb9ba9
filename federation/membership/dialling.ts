/** The buses that this node dials: the join list, links with settings of their own, and, when alone, neighbours of earlier runs. */

import type { DialBus, DialFailure, LinkBus } from "../link/link_bus.ts";
import type { Links } from "../link/links.ts";
import { shownUrl } from "../link/shown_url.ts";
import type { FederationOptions } from "../options.ts";
import type { World } from "../world.ts";
import { checkedDial } from "./checked_dial.ts";
import { Joiner, type JoinStatus } from "./joiner.ts";

export interface DiallingParts {
  readonly world: World;
  readonly dial: DialBus;
  readonly options: Pick<FederationOptions, "join" | "links" | "cached" | "url">;
  /** Asked when it is needed: links and dialling know each other. */
  readonly links: () => Links | undefined;
  /** Told without a password that the URL has. */
  readonly onFailure: (url: string, failure: DialFailure) => void;
}

/** Seconds without any link after which the neighbours of earlier runs are dialled. */
const ALONE_TICKS = 5;

export class Dialling {
  readonly joiner: Joiner;
  readonly #parts: DiallingParts;
  readonly #urls = new Map<LinkBus, string>();
  /** By cluster, what was dialled for the last link with it. */
  readonly #urlsOfPeers = new Map<string, string>();
  #aloneTicks = 0;

  constructor(parts: DiallingParts) {
    this.#parts = parts;
    const { world, dial, onFailure } = parts;
    this.joiner = new Joiner({
      world,
      dial: checkedDial(dial, parts.options.links),
      onFailure: (url, failure) => onFailure(shownUrl(url), failure),
      onBus: (url, bus) => this.#open(url, bus),
    });
  }

  start(): void {
    const { join, links } = this.#parts.options;
    for (const url of join) this.joiner.add(url, "join");
    for (const { url } of links) this.joiner.add(url, "links");
  }

  /** Nobody is to be dialled: a node that others join, or that is alone. */
  get waitsForOthers(): boolean {
    const { join, links } = this.#parts.options;
    return join.length === 0 && links.length === 0;
  }

  /** The URL of a bus that was dialled. */
  urlOf(bus: LinkBus | undefined): string | undefined {
    return bus && this.#urls.get(bus);
  }

  /** What this side dials to be linked with a cluster, as far as it is known to lead there. */
  targetOf(peer: string): JoinStatus | undefined {
    const url = this.#urlsOfPeers.get(peer) ?? this.#parts.links()?.urlOf(peer);
    return this.joiner.status.find((target) => target.url === url);
  }

  /** What the operator says of the link over a bus. */
  settingOf(bus: LinkBus | undefined): { readonly cost: number; readonly tags: readonly string[] } {
    const url = this.urlOf(bus);
    const setting = this.#parts.options.links.find((link) => link.url === url);
    return { cost: setting?.cost ?? 0, tags: setting?.tags ?? [] };
  }

  /** The link with a cluster over a bus is up. */
  noteLinked(peer: string, bus: LinkBus | undefined): void {
    const url = this.urlOf(bus);
    if (url === undefined) return;
    this.#urlsOfPeers.set(peer, url);
    this.joiner.noteLinked(url);
  }

  /** To be called once a second. */
  tick(): void {
    const links = this.#parts.links();
    if (links === undefined) return;
    this.#seekMesh(links);
    for (const [bus, url] of this.#urls) {
      const refusal = links.refusalOn(bus);
      if (refusal !== undefined && !links.isLinked(bus)) {
        this.joiner.noteError(url, `${refusal.code}: ${refusal.detail}`);
      }
    }
  }

  stop(): void {
    this.joiner.stop();
  }

  #open(url: string, bus: LinkBus): void {
    this.#urls.set(bus, url);
    bus.onClosed(() => this.#urls.delete(bus));
    this.#parts.links()?.attach(bus);
  }

  #seekMesh(links: Links): void {
    const alone = [...links.neighbours.values()].every(({ up }) => !up);
    this.#aloneTicks = alone ? this.#aloneTicks + 1 : 0;
    if (this.#aloneTicks !== ALONE_TICKS) return;
    const { cached, url: own } = this.#parts.options;
    for (const url of cached) if (url !== own) this.joiner.add(url, "cache");
  }
}
