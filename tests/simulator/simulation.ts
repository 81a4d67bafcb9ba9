/** A mesh in virtual time, built from a plan: machines, disks, networks and members, and whoever watches them. */

import { FaultInjector } from "./fault_injector.ts";
import { checkAlways, checkInTheEnd, unrest } from "./invariants.ts";
import { Violation } from "./history.ts";
import { Marks } from "./marks.ts";
import type { CreateMember } from "./member.ts";
import { Observer } from "./observer.ts";
import { Publishers } from "./publishers.ts";
import type { ClusterPlan, Scenario } from "./scenario.ts";
import { Scheduler } from "./scheduler.ts";
import { SharedRecords } from "./shared_records.ts";
import { SimNode } from "./sim_node.ts";
import { SimRandom } from "./sim_random.ts";
import type { Edge, TopologyName } from "./topologies.ts";
import { Trace } from "./trace.ts";
import { VirtualBroker } from "./virtual_broker.ts";
import type { Brokers } from "./virtual_dial.ts";
import { VirtualNetwork } from "./virtual_network.ts";

const CHECK_EVERY_MS = 250;
const REST_EVERY_MS = 500;
/** Shapes with one way between any two clusters. */
const TREES: readonly TopologyName[] = ["line", "hub", "tree"];

export class Simulation {
  readonly scheduler = new Scheduler();
  readonly trace = new Trace(() => this.scheduler.now);
  readonly marks = new Marks();
  readonly network: VirtualNetwork;
  readonly nodes: ReadonlyMap<string, SimNode>;
  readonly observer: Observer;
  readonly injector: FaultInjector;
  readonly publishers: Publishers;
  readonly scenario: Scenario;
  /** Events that a test has published at each cluster. */
  readonly published = new Map<string, number>();
  readonly #random: SimRandom;
  readonly #brokers: Brokers = new Map();
  readonly #records = new SharedRecords();

  constructor(scenario: Scenario, createMember: CreateMember) {
    const { scheduler, trace, marks } = this;
    const random = this.#random = new SimRandom(scenario.seed, 1);
    this.scenario = scenario;
    this.network = new VirtualNetwork({ scheduler, trace, random: random.fork() });
    const nodes = new Map<string, SimNode>();
    this.nodes = nodes;
    this.observer = new Observer({
      trace,
      marks,
      nodes,
      nowMs: () => scheduler.now / 1000,
      ordered: TREES.includes(scenario.topology),
      bestEffort: scenario.bestEffort,
      copiesMax: 10 + scenario.faults.length * 2,
    });
    for (const plan of scenario.clusters) nodes.set(plan.name, this.#createNode(plan, createMember));
    for (const edge of scenario.edges) this.#connect(edge);
    this.injector = new FaultInjector({
      network: this.network,
      nodes,
      hops: (a, b) => this.hopsBetween(a, b),
      quality: scenario.quality,
      marks,
    });
    this.publishers = new Publishers({
      scheduler,
      random: random.fork(),
      nodes: [...nodes.values()],
      observer: this.observer,
    });
  }

  get nowMs(): number {
    return this.scheduler.now / 1000;
  }

  node(cluster: string): SimNode {
    return this.nodes.get(cluster)!;
  }

  /** Starts every node, not all in the same moment. */
  start(): void {
    for (const node of this.nodes.values()) {
      this.scheduler.at(this.#random.below(1_000_000), () => node.start());
    }
  }

  /** Lets time go on; throws the violation that happens meanwhile. */
  run(ms: number, { checkEveryMs = CHECK_EVERY_MS } = {}): void {
    const { scheduler, observer } = this;
    const end = scheduler.now + Math.round(ms * 1000);
    while (scheduler.now < end && observer.failure === undefined) {
      scheduler.runUntil(Math.min(end, scheduler.now + checkEveryMs * 1000), () => observer.failure !== undefined);
      observer.guard(() => checkAlways(this.nodes.values()));
    }
    if (observer.failure !== undefined) throw observer.failure;
  }

  /** Nothing is broken any more: everything must come to rest. Answers how long that took, ms; throws `Violation`. */
  rest(msMax: number): number {
    const startMs = this.nowMs;
    const nodes = [...this.nodes.values()];
    for (;;) {
      const reason = unrest(nodes, this.scenario.edges);
      if (reason === undefined) break;
      if (this.nowMs - startMs >= msMax) {
        throw new Violation("convergence", `${msMax / 1000} s after the last fault ${reason}`);
      }
      this.run(REST_EVERY_MS);
    }
    this.trace.note("at rest", "mesh");
    return this.nowMs - startMs;
  }

  /** The whole plan: faults, then peace, then the account of it all. Throws `Violation`. */
  play(): void {
    const { scenario, injector, publishers, observer } = this;
    this.start();
    for (const plan of scenario.clusters) publishers.start(plan);
    injector.schedule(scenario.faults);
    this.run(scenario.seconds * 1000);
    publishers.stop();
    injector.healAll();
    this.marks.most("ms to rest", Math.round(this.rest(scenario.restSeconds * 1000)));
    this.account();
    this.marks.sometimes("events published", publishers.published);
    this.marks.sometimes("events refused", publishers.refused);
    this.marks.sometimes("events lost at an origin that does not sync", observer.lostAtOrigin);
  }

  /** When all is at rest: every promise was kept, and the books are right. Throws `Violation`. */
  account(): void {
    const nodes = [...this.nodes.values()];
    const exact = this.scenario.clusters.every(({ disk }) => disk.syncsCommits);
    checkInTheEnd(nodes, this.observer, { exact, mayEvict: this.scenario.overflow === "evict-oldest" });
    for (const { member } of nodes) {
      for (const [name, count] of Object.entries(member!.state().counts)) this.marks.sometimes(name, count);
    }
  }

  /** Machines that messages between two neighbours go over. */
  hopsBetween(a: string, b: string): readonly (readonly [string, string])[] {
    const broker = rendezvousOf(a, b);
    return this.network.host(broker) === undefined ? [[a, b]] : [[a, broker], [b, broker]];
  }

  #createNode({ name, wants, disk, speaksAs = name }: ClusterPlan, createMember: CreateMember): SimNode {
    return new SimNode(name, {
      speaksAs,
      network: this.network,
      brokers: this.#brokers,
      records: this.#records,
      random: this.#random.fork(),
      disk,
      createMember,
      watcher: this.observer,
      wants,
      overflow: this.scenario.overflow ?? "block",
      bestEffort: this.scenario.bestEffort,
      tagCosts: this.scenario.tagCosts,
      join: this.scenario.edges.flatMap((edge) => dialledBy(name, edge)),
      tags: new Map(
        this.scenario.edges.flatMap((edge) =>
          edge.tags === undefined ? [] : dialledBy(name, edge).map((machine) => [machine, edge.tags!] as const)
        ),
      ),
    });
  }

  #connect({ from, to, how }: Edge): void {
    if (how === "rendezvous") {
      const host = this.network.addHost(rendezvousOf(from, to));
      this.#brokers.set(host.name, new VirtualBroker(host.start()));
    }
    for (const [a, b] of this.hopsBetween(from, to)) this.network.setQuality(a, b, this.scenario.quality);
  }
}

/** The machine that a cluster dials for a link. */
function dialledBy(name: string, { from, to, how }: Edge): string[] {
  if (how === "rendezvous") return from === name || to === name ? [rendezvousOf(from, to)] : [];
  if (from === name) return [to];
  return how === "both" && to === name ? [from] : [];
}

function rendezvousOf(a: string, b: string): string {
  return a < b ? `broker-${a}-${b}` : `broker-${b}-${a}`;
}
