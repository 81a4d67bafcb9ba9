/** A cluster of one node in the simulator: machine, disk, endpoint, subscribers, and the federation under test. */

import type { CloudEvent, StoredEvent } from "../../node/mod.ts";
import type { TagCost, Want } from "../../federation/mod.ts";
import type { CustodyLog } from "../../federation/mod.ts";
import { createAttributeBag } from "../../node/codec/attribute_bag.ts";
import type { CreateMember, Member } from "./member.ts";
import type { SharedRecords } from "./shared_records.ts";
import { OrderedReader } from "./ordered_reader.ts";
import type { SimRandom } from "./sim_random.ts";
import { OwnBus, VirtualBroker } from "./virtual_broker.ts";
import { VirtualCluster } from "./virtual_cluster.ts";
import { type Brokers, createDial, urlOf } from "./virtual_dial.ts";
import { type DiskOptions, type DiskWatcher, VirtualDisk } from "./virtual_disk.ts";
import type { VirtualHost } from "./virtual_host.ts";
import type { VirtualNetwork } from "./virtual_network.ts";

export interface SimNodeParts {
  /** The cluster that it says it is. */
  readonly speaksAs: string;
  readonly network: VirtualNetwork;
  readonly brokers: Brokers;
  readonly records: SharedRecords;
  readonly random: SimRandom;
  readonly disk: DiskOptions;
  readonly createMember: CreateMember;
  readonly watcher: NodeWatcher;
  readonly wants: readonly Want[];
  readonly overflow: "evict-oldest" | "block";
  readonly bestEffort?: string;
  /** Machines to dial. */
  readonly join: readonly string[];
  /** Tags of links by the machine that is dialled. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly tagCosts?: readonly TagCost[];
}

export interface Publication {
  readonly id: string;
  /** Default: the cluster. */
  readonly source?: string;
  readonly ttlMs?: number;
  readonly dataBytes?: number;
}

/** Who watches the run. */
export interface NodeWatcher {
  /** Events are in a log for good; `content` also tells what was there before. */
  appended(cluster: string, events: readonly StoredEvent[]): void;
  /** The log of a cluster is not what it was. */
  logChanged(cluster: string): void;
  /** The publisher has its acknowledgement. */
  acknowledged(
    cluster: string,
    event: { epoch: number; sequence: number; topic: string; id: string; source: string },
  ): void;
  noticed(cluster: string, code: string, detail: string): void;
  /** An ordered subscriber got an event that has a place in the order of its origin. */
  handedOut(cluster: string, event: StoredEvent): void;
}

/** Doors stop here, so that links still have room. */
const DOORS_PERMILLE = 700;

export class SimNode {
  readonly cluster: string;
  readonly host: VirtualHost;
  readonly disk: VirtualDisk;
  /** One of its subscribers is ordered. */
  readonly reader: OrderedReader;
  readonly #parts: SimNodeParts;
  #wants: readonly Want[];
  #leaving = false;
  #running: { member: Member; log: CustodyLog; local: VirtualCluster } | undefined;

  constructor(cluster: string, parts: SimNodeParts) {
    const { network, random, disk, watcher } = parts;
    this.cluster = cluster;
    this.#parts = parts;
    this.#wants = parts.wants;
    this.host = network.addHost(cluster);
    this.disk = new VirtualDisk(this.host, {
      random: random.fork(),
      options: disk,
      watcher: {
        appended: (events) => watcher.appended(cluster, events),
        changed: () => watcher.logChanged(cluster),
      } satisfies DiskWatcher,
    });
    this.reader = new OrderedReader(() => this.disk.content, (event) => watcher.handedOut(cluster, event));
  }

  get member(): Member | undefined {
    return this.#running?.member;
  }

  get wants(): readonly Want[] {
    return this.#wants;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  start(): void {
    if (this.#leaving) this.stop({ powerLoss: false }); // somebody did not wait for the farewell
    if (this.running) return;
    const { network, brokers, records, random, createMember, watcher, join, speaksAs } = this.#parts;
    const { overflow, bestEffort, tags, tagCosts = [] } = this.#parts;
    const { cluster, host } = this;
    const boot = host.start();
    const broker = new VirtualBroker(boot);
    brokers.set(host.name, broker);
    const log = this.disk.open(boot);
    const local = new VirtualCluster(
      { cluster: speaksAs, boot, random: random.fork(), log, content: this.disk.content },
      this.#wants,
    );
    const world = host.world(boot);
    const member = createMember({
      world,
      federation: "acme",
      cluster: speaksAs,
      node: local.node,
      instance: random.next().toString(16).padStart(8, "0"),
      log,
      local,
      endpoint: new OwnBus(broker),
      dial: createDial(network, brokers, boot),
      share: records.share,
      join: join.map(urlOf),
      links: [...tags].map(([machine, tags]) => ({ url: urlOf(machine), tags })),
      tagCosts,
      overflow,
      bestEffort,
      readInOrder: (order) => this.reader.begin({ world, log, order }),
      onNotice: (code, detail) => watcher.noticed(cluster, code, detail),
    });
    this.#running = { member, log, local };
    this.disk.needed = () => member.needed();
  }

  stop(options: { powerLoss: boolean }): void {
    this.#running = undefined;
    this.#leaving = false;
    this.host.stop(options);
  }

  /** Ends it as an operator does, and not as a fault: its doors close, then it leaves the mesh. */
  leave(): void {
    const running = this.#running;
    if (running === undefined || this.#leaving) return;
    this.#leaving = true;
    const end = (): void => void (this.#running === running && this.stop({ powerLoss: false }));
    this.host.boot?.run(() => running.member.leave(end));
  }

  setWants(wants: readonly Want[]): void {
    this.#wants = wants;
    this.#running?.local.setWants(wants);
  }

  /** An application publishes here; false when the door is closed or the node is not there. */
  publish(topic: string, publication: Publication): boolean {
    const { boot } = this.host;
    const running = this.#running;
    if (running === undefined || this.#leaving || boot === undefined || this.host.frozen) return false;
    if (running.log.usedPermille() >= DOORS_PERMILLE) return false;
    const { id, source = this.cluster, ttlMs = 0 } = publication;
    running.log.commit([{ event: toEvent(topic, publication, source), topic, ttlMs }], [], (error, appended) => {
      if (error !== undefined) return;
      const { epoch, sequence } = appended!;
      this.#parts.watcher.acknowledged(this.cluster, { epoch, sequence, topic, id, source });
    });
    return true;
  }
}

function toEvent(topic: string, { id, dataBytes = 0 }: Publication, source: string): CloudEvent {
  const attributes = Object.assign(createAttributeBag(), { specversion: "1.0", id, source, type: topic });
  return {
    attributes: attributes as CloudEvent["attributes"],
    ...dataBytes === 0
      ? { data: undefined, dataForm: undefined }
      : { data: new Uint8Array(dataBytes), dataForm: "binary" },
  };
}
