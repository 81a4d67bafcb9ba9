/** What this cluster knows of the mesh's shape: its own links, what others say of theirs, and the routes that follow. */

import { BEST_EFFORT, type Lane, LANES } from "../link/codec/mod.ts";
import type { TagCost, TrafficClass } from "../options.ts";
import type { World } from "../world.ts";
import { LaneClasses } from "./lane_classes.ts";
import { LaneRoutes } from "./lane_routes.ts";
import {
  Damping,
  encodeLinkState,
  Graph,
  LINK_COST_MAX,
  LinkCost,
  type LinkState,
  type NodeState,
  parseLinkState,
  RouteTable,
  type Speaker,
  uniteTags,
} from "./paths/mod.ts";
import type { MeshRecord } from "./records/mod.ts";

export interface TopologyParts {
  readonly world: World;
  readonly self: string;
  readonly node: NodeState;
  /** Cost and tags that the operator gave to the link with a neighbour. */
  readonly setting: (peer: string) => { readonly cost: number; readonly tags: readonly string[] };
  readonly tagCosts?: readonly TagCost[];
  /** The process with which the link with a neighbour is. */
  readonly speaker?: (peer: string) => Speaker | undefined;
  /** Tells the mesh what this cluster says of itself now. */
  readonly originate: (body: Uint8Array) => void;
  /** The routes have changed; `why` is for people. */
  readonly onRoutes: () => void;
  readonly onNotice: (notice: { code: string; detail: string; peer?: string }) => void;
}

/** What this version takes. */
const CLASSES: readonly TrafficClass[] = ["custody", BEST_EFFORT];
/** Changes that come within this are worked out together. */
const SETTLE_MS = 10;

interface OwnLink {
  readonly cost: LinkCost;
  readonly damping: Damping;
  up: boolean;
}

export class Topology {
  readonly lanes: LaneClasses;
  readonly table: RouteTable;
  readonly #routes: ReadonlyMap<Lane, LaneRoutes>;
  readonly #parts: TopologyParts;
  readonly #graph = new Graph();
  readonly #states = new Map<string, LinkState>();
  readonly #links = new Map<string, OwnLink>();
  #leaving: "draining" | "left" | undefined;
  #reachableNames: readonly string[] = [];
  #reachable: ReadonlySet<string> = new Set();
  #scheduled = false;
  #cancelLater: (() => void) | undefined;
  /** Full computations so far. */
  computations = 0;
  /** Times that a cluster said something of itself. */
  installs = 0;

  constructor(parts: TopologyParts) {
    this.#parts = parts;
    this.lanes = new LaneClasses(parts.tagCosts ?? []);
    this.table = new RouteTable(parts.self, this.lanes.classes);
    this.#routes = new Map(LANES.map((lane) => [lane, new LaneRoutes(this.table, this.lanes.of(lane))]));
  }

  /** What the events of a lane take; the same object at each call. */
  routesOf(lane: Lane): LaneRoutes {
    return this.#routes.get(lane)!;
  }

  /** Says what this cluster is, also when it has no link yet. */
  start(): void {
    this.#tellOwn();
  }

  /** Other clusters to which there is a path; the same object as long as they are the same. */
  get reachable(): ReadonlySet<string> {
    const names = this.table.reachable();
    if (names !== this.#reachableNames) {
      this.#reachableNames = names;
      this.#reachable = new Set(names);
    }
    return this.#reachable;
  }

  get states(): ReadonlyMap<string, LinkState> {
    return this.#states;
  }

  /** Whether a cluster takes events that are not in custody. */
  takesBestEffort(cluster: string): boolean {
    return this.#states.get(cluster)?.classes?.includes(BEST_EFFORT) === true;
  }

  /** A link came up. It is told at once, unless it has come and gone too often of late. */
  linkUp(peer: string, rttMs: number): void {
    const now = this.#parts.world.now();
    const link = this.#link(peer);
    link.up = true;
    link.damping.noteUp(now);
    link.cost.note(rttMs, now);
    const holdMs = link.damping.heldUntil(now) - now;
    if (holdMs > 0) {
      this.#parts.onNotice({
        code: "LINK_DAMPED",
        detail: `it flaps: not used for ${Math.ceil(holdMs / 1000)} s`,
        peer,
      });
    }
    this.#tellOwn();
  }

  /** A link went down: alternates take over in this very call. `planned`: it does not count as flapping. */
  linkDown(peer: string, { planned = false }: { planned?: boolean } = {}): void {
    const link = this.#link(peer);
    link.up = false;
    if (!planned) link.damping.noteDown(this.#parts.world.now());
    link.cost.interrupt();
    this.table.linkDown(peer);
    this.#parts.onRoutes();
    this.#tellOwn();
  }

  /**
   * This cluster is about to leave: `draining` makes its links so dear that what only crosses it goes another way wherever
   * there is one; `left` is its last word.
   */
  leave(stage: "draining" | "left"): void {
    this.#leaving = stage;
    this.#tellOwn();
  }

  /** Whether a cluster has said that it goes as planned. */
  hasLeft(cluster: string): boolean {
    return this.#states.get(cluster)?.left === true;
  }

  /** A new measure of a link's round trip; of one that is down there is none. */
  noteRtt(peer: string, rttMs: number): void {
    const link = this.#links.get(peer);
    if (link?.up === true && link.cost.note(rttMs, this.#parts.world.now())) this.#tellOwn();
  }

  costOf(peer: string): number {
    return this.#parts.setting(peer).cost + (this.#links.get(peer)?.cost.value ?? 1);
  }

  /** What either end says of the link with a neighbour. */
  tagsOf(peer: string): readonly string[] {
    const theirs = this.#states.get(peer)?.links.find((link) => link.peer === this.#parts.self);
    return uniteTags(this.#parts.setting(peer).tags, theirs?.tags);
  }

  /** A cluster said something of itself. */
  install(record: MeshRecord): void {
    this.installs++;
    if (record.body.length === 0) return this.purge(record.origin);
    // What this side says for good-bye is not yet true: its last words still have to find their way.
    if (this.#leaving === "left" && record.origin === this.#parts.self) return;
    const parsed = parseLinkState(record.body);
    if ("problem" in parsed) {
      return this.#parts.onNotice({ code: "LINK_STATE_UNREADABLE", detail: parsed.problem, peer: record.origin });
    }
    this.#compareTagCosts(record.origin, parsed.state);
    this.#states.set(record.origin, parsed.state);
    this.#graph.set(record.origin, parsed.state);
    this.#schedule();
  }

  /** A cluster has been silent for the lifetime of what it said. */
  purge(origin: string): void {
    this.#states.delete(origin);
    this.#graph.remove(origin);
    this.#schedule();
  }

  /** Told when it begins: two clusters that send each other the same event wait for a path on which they agree. */
  #compareTagCosts(origin: string, { tagCosts, left }: LinkState): void {
    const known = this.#states.get(origin);
    if (left || tagCosts === this.lanes.fingerprint || (known !== undefined && known.tagCosts === tagCosts)) return;
    const detail =
      `"${origin}" has other rules in federation.tagCosts than this cluster: events may be sent back and forth, ` +
      "and park until both agree on a path; give all clusters the same rules";
    this.#parts.onNotice({ code: "TAG_COSTS_DIFFER", detail, peer: origin });
  }

  /** A link is held back: it is told when that is over. A timer may fire a moment early, so it is looked at again then. */
  #tellLater(delayMs: number): void {
    this.#cancelLater?.();
    this.#cancelLater = this.#parts.world.after(Math.ceil(delayMs) + 1, () => {
      this.#cancelLater = undefined;
      this.#tellOwn();
    });
  }

  #tellOwn(): void {
    const nodes = [this.#parts.node];
    if (this.#leaving === "left") return this.#parts.originate(encodeLinkState({ links: [], nodes, left: true }));
    const now = this.#parts.world.now();
    const up = [...this.#links].filter(([, link]) => link.up);
    const held = up.map(([, { damping }]) => damping.heldUntil(now)).filter((until) => until > now);
    if (held.length > 0) this.#tellLater(Math.min(...held) - now);
    const links = up.filter(([, { damping }]) => damping.heldUntil(now) <= now).map(([peer]) => ({
      peer,
      cost: this.#leaving === undefined ? this.costOf(peer) : LINK_COST_MAX,
      tags: this.#parts.setting(peer).tags,
      up: true,
      speaker: this.#parts.speaker?.(peer),
    }));
    links.sort((a, b) => a.peer < b.peer ? -1 : 1);
    this.#parts.originate(encodeLinkState({ links, nodes, classes: CLASSES, tagCosts: this.lanes.fingerprint }));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#parts.world.after(SETTLE_MS, () => {
      this.#scheduled = false;
      this.computations++;
      const before = this.table.version;
      this.table.update(this.#graph);
      if (this.table.version !== before) this.#parts.onRoutes();
    });
  }

  #link(peer: string): OwnLink {
    let link = this.#links.get(peer);
    if (link === undefined) this.#links.set(peer, link = { cost: new LinkCost(), damping: new Damping(), up: false });
    return link;
  }
}
