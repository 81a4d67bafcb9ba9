/** A run as data: who is there, who wants what, who publishes, and what goes wrong when. All of it follows from a seed. */

import type { TagCost, Want } from "../../federation/mod.ts";
import { type Fault, planFaults } from "./faults.ts";
import { SimRandom } from "./sim_random.ts";
import { planTags } from "./tags.ts";
import { type Edge, planEdges, TOPOLOGIES, type TopologyName } from "./topologies.ts";
import type { DiskOptions } from "./virtual_disk.ts";
import { GOOD_PATH, type PathQuality } from "./virtual_path.ts";

export interface Scenario {
  readonly seed: number;
  readonly topology: TopologyName;
  readonly clusters: readonly ClusterPlan[];
  readonly edges: readonly Edge[];
  readonly quality: PathQuality;
  readonly faults: readonly Fault[];
  /** What becomes of events that are too much for a park; without, they block it. */
  readonly overflow?: "evict-oldest" | "block";
  /** Topics whose events are not in custody on their way; without, all are. */
  readonly bestEffort?: string;
  /** What links with tags cost more; without, nothing. */
  readonly tagCosts?: readonly TagCost[];
  /** Faults and publishers stop then. */
  readonly seconds: number;
  /** Everything must have come to rest so long after that. */
  readonly restSeconds: number;
}

export interface ClusterPlan {
  /** Of the machine and, without `speaksAs`, of the cluster. */
  readonly name: string;
  /** The cluster that it says it is: two machines that say the same are a mistake of an operator. */
  readonly speaksAs?: string;
  readonly wants: readonly Want[];
  readonly disk: DiskOptions;
  /** Mean time between two events that are published here; 0: none is. */
  readonly publishEveryMs: number;
  /** Events at once. */
  readonly burst: number;
  /** Of 1000 events, how many have a time to live, and how many are published at another cluster once more. */
  readonly mortalPermille: number;
  readonly twicePermille: number;
  readonly dataBytes: number;
}

export const TOPICS = ["order.placed", "order.paid", "metrics.cpu", "metrics.memory", "user.created"] as const;
const PATTERNS = ["order.placed", "order.*", "metrics.>", "user.created", ">"] as const;
/** Filled by a minute of an outage, and yet a few times what one frame holds. */
const SMALL_BYTES = 1_500_000;
/** A tenth of it is what some seconds of an outage fill. */
const TINY_BYTES = 400_000;
const LARGE_BYTES = 1_000_000_000;
const GROUPS = ["billing", "audit"] as const;

export interface ScenarioOptions {
  readonly clusters?: number;
  readonly seconds?: number;
  /** Every other node that would be killed is stopped as planned. */
  readonly leaves?: boolean;
}

export function planScenario(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new SimRandom(seed);
  const count = options.clusters ?? random.between(2, 9);
  const seconds = options.seconds ?? random.between(8, 24);
  const topology = count > 20 ? "random" : random.pick(TOPOLOGIES);
  const names = Array.from({ length: count }, (_, i) => `c${i + 1}`);
  const edges = planEdges(topology, names, random.fork());
  const busy = random.between(1, Math.min(count, 6));
  // A small store cannot stand beside one that does not sync: what that one got is kept for minutes by its neighbours.
  const small = random.chance(150);
  const loser = !small && random.chance(200) ? random.pick(names) : undefined;
  const overflow = random.pick(["evict-oldest", "block"] as const);
  const smallBytes = overflow === "block" ? SMALL_BYTES : TINY_BYTES;
  const disks = planDisks({ bytesMax: small ? smallBytes : LARGE_BYTES, loser }, random.fork());
  const clusters = names.map((name, i) => ({
    name,
    wants: planWants(random),
    disk: disks(name),
    // What a store loses of its own events after it has acknowledged them, nobody else can bring back.
    publishEveryMs: i < busy && name !== loser ? random.pick([40, 200, 500, 2000]) : 0,
    burst: random.pick([1, 1, 1, 5, 40]),
    mortalPermille: random.pick([0, 0, 30]),
    twicePermille: random.pick([0, 0, 20]),
    dataBytes: small ? 1000 : 0,
  }));
  const scenario: Scenario = {
    seed,
    topology,
    clusters: random.shuffle(clusters),
    edges,
    quality: {
      ...GOOD_PATH,
      delayUs: random.pick([200, 2000, 20_000, 80_000]),
      jitterUs: random.pick([0, 500, 10_000]),
    },
    faults: planFaults({ names, edges, seconds, loser, leaves: options.leaves === true, random: random.fork() }),
    overflow,
    // Last of all dice, so that the rest of a seed is what it is without.
    bestEffort: random.chance(300) ? random.pick(["metrics.>", "user.>", "order.paid"]) : undefined,
    seconds,
    restSeconds: 180,
  };
  return random.chance(200) ? { ...scenario, ...planTags(edges, random) } : scenario;
}

function planWants(random: SimRandom): Want[] {
  const wants = new Map<string, Want>();
  for (let n = random.between(0, 3); n > 0; n--) {
    const pattern = random.pick(PATTERNS);
    if (random.chance(200)) {
      const group = random.pick(GROUPS);
      // A group is one definition: its pattern follows from its name.
      const own = group === "billing" ? "order.*" : "user.created";
      wants.set(group, { pattern: own, group, groupKey: `${group}:1`, durable: true });
    } else wants.set(pattern, { pattern, durable: true });
  }
  return [...wants.values()];
}

/** Small ones for all, or one that loses what it has not synced. */
function planDisks(
  { bytesMax, loser }: { bytesMax: number; loser: string | undefined },
  random: SimRandom,
): (cluster: string) => DiskOptions {
  return (cluster) => ({
    cluster,
    syncUsMin: 100,
    syncUsMax: random.pick([300, 2000, 10_000]),
    syncsCommits: cluster !== loser,
    syncEveryMs: 1000,
    bytesMax,
  });
}
