/** Clusters that are linked over brokers in memory, with nothing of routing: each destination is its own next hop. */

import { Coverages } from "../../federation/custody/coverage.ts";
import { Custody } from "../../federation/custody/custody.ts";
import { EventReader } from "../../federation/custody/event_reader.ts";
import { Intake } from "../../federation/custody/intake.ts";
import { Places } from "../../federation/custody/places.ts";
import { sequenceAt } from "../../federation/custody/shipment.ts";
import type { Hello, Meet } from "../../federation/link/codec/mod.ts";
import { type LinkNotice, Links } from "../../federation/link/links.ts";
import { FakeLog } from "../support/fake_log.ts";
import type { FakeWorld } from "../support/fake_world.ts";
import { MemoryBroker } from "../support/memory_bus.ts";
import { anIdentity } from "./hello_support.ts";
import { aDestination } from "./frame_support.ts";
import { aShipment } from "./shipment_support.ts";

export class LinkedCluster {
  readonly links: Links;
  readonly custody: Custody;
  readonly log: FakeLog;
  readonly places: Places;
  readonly history: string[] = [];
  readonly notices: LinkNotice[] = [];
  readonly control: string[] = [];
  /** Frames that came without custody, and how far it says that they came. */
  readonly bestEffort: string[] = [];
  crossed: Hello["received"]["best-effort"];
  readonly delivered: number[] = [];
  readonly settled: string[] = [];
  root = "0123456789abcdef";

  constructor(
    world: FakeWorld,
    cluster: string,
    options: { meet?: Partial<Meet>; log?: FakeLog; places?: Places } = {},
  ) {
    const { log = new FakeLog({ cluster }), places = new Places() } = options;
    this.log = log;
    this.places = places;
    this.custody = new Custody({
      world,
      routesOf: () => ({ version: 1, nextHop: (destination) => destination, nextHopAvoiding: () => undefined }),
      onQueued: (peer, lane) => this.links.pump(peer, lane),
      onSettled: ({ key }) => this.settled.push(key),
    });
    const intake = new Intake({
      self: cluster,
      log,
      local: { judge: (arrivals, done) => done(arrivals.map(() => "new")), hasMember: () => true },
      coverages: new Coverages(),
      places,
      newMark: () => "m",
      onForward: () => {},
      onCrossed: (_, { events }) => this.delivered.push(...events.map(({ sequence }) => sequence)),
      onCovered: () => {},
      onRefused: ({ code }) => this.history.push(`refused a frame: ${code}`),
      onError: () => {},
    });
    this.links = new Links({
      world,
      identity: anIdentity({ cluster, node: `${cluster}-1`, instance: `instance-of-${cluster}`, ...options.meet }),
      ackAfterSync: log.syncsCommits,
      places,
      intake,
      bestEffort: {
        receive: (peer, bytes) => this.bestEffort.push(`${peer} ${bytes.length}`),
        received: () => this.crossed,
      },
      neighbour: {
        custody: this.custody,
        reader: new EventReader(log, world, () => {}),
        age: () => log.now(),
        onHandedOver: (peer, shipments) =>
          this.history.push(`handed to ${peer}: ${shipments.map((shipment) => sequenceAt(shipment, 0))}`),
      },
      root: () => this.root,
      onUp: ({ peer }) => this.history.push(`up ${peer}`),
      onDown: ({ peer }, reason) => this.history.push(`down ${peer}: ${reason}`),
      onHello: ({ peer }, { root }) => {
        this.lastRoot = `${peer} ${root}`;
      },
      onControl: (peer, kind, payload) => this.control.push(`${peer} ${kind} ${payload.length}`),
      onNotice: (notice) => this.notices.push(notice),
    });
  }

  lastRoot = "";

  get codes(): string[] {
    return this.notices.map(({ code }) => code);
  }

  get up(): string[] {
    return [...this.links.neighbours.values()].filter(({ up }) => up).map(({ peer }) => peer);
  }

  /** An event for a neighbour. */
  send(to: string): void {
    this.log.append({});
    const { head } = this.log;
    const document = { key: `d${head}`, first: head, last: head, open: 1, owed: false };
    this.custody.add(
      aShipment({
        position: head,
        firstSequence: head,
        destinations: [aDestination({ cluster: to, previous: head - 1 })],
        document,
      }),
    );
  }
}

/** A broker whose messages take a millisecond of the world's time. */
export function aBroker(world: FakeWorld): MemoryBroker {
  return new MemoryBroker({ schedule: (run) => void world.after(1, run) });
}
