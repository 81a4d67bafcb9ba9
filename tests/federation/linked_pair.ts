/** Two clusters with a link between them, which one has dialled. */

import type { Meet } from "../../federation/link/codec/mod.ts";
import type { LinkBus } from "../../federation/link/link_bus.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import type { MemoryBroker } from "../support/memory_bus.ts";
import { aBroker, LinkedCluster } from "./link_support.ts";

/** Alice with an endpoint of her own, and bob who dials it. */
export class Pair {
  readonly world = new FakeWorld();
  readonly broker: MemoryBroker = aBroker(this.world);
  readonly alice: LinkedCluster;
  bob: LinkedCluster;
  readonly endpoint: LinkBus;
  bobsBus: LinkBus;

  constructor(options: { alice?: Partial<Meet>; bob?: Partial<Meet>; syncsCommits?: boolean } = {}) {
    const { syncsCommits } = options;
    this.alice = new LinkedCluster(this.world, "alice", { meet: options.alice });
    this.bob = new LinkedCluster(this.world, "bob", {
      meet: options.bob,
      log: new FakeLog({ cluster: "bob", syncsCommits }),
    });
    this.endpoint = this.broker.connect("own endpoint", { dialled: false });
    this.alice.links.attach(this.endpoint);
    this.bobsBus = this.dial(this.bob);
  }

  dial(cluster: LinkedCluster, broker = this.broker): LinkBus {
    const bus = broker.connect("memory://alice");
    cluster.links.attach(bus);
    return bus;
  }

  /** Bob dies, and comes back with what he knew. */
  restartBob(meet: Partial<Meet>): void {
    this.bobsBus.close();
    this.bob.links.stop("killed");
    this.bob = new LinkedCluster(this.world, "bob", { meet, log: this.bob.log, places: this.bob.places });
    this.bobsBus = this.dial(this.bob);
  }
}

export function linked(options: ConstructorParameters<typeof Pair>[0] = {}): Pair {
  const pair = new Pair(options);
  pair.world.advance(500);
  return pair;
}
