/** Many nodes, one mesh: the composition. Each part is a file of its own; this one says who tells whom. */

import type { NeededEvents, StateEntry } from "../node/mod.ts";
import { BestEffort } from "./best_effort/best_effort.ts";
import type { CustodyLog } from "./custody_log.ts";
import { CustodyWaits, type CustodyWish, type OwnEvent } from "./custody_waits.ts";
import { Custody } from "./custody/custody.ts";
import { Departures } from "./custody/departures.ts";
import { Repicks } from "./custody/repicks.ts";
import { CustodyDocuments } from "./custody/documents.ts";
import { EventReader } from "./custody/event_reader.ts";
import { Intake } from "./custody/intake.ts";
import { neededEvents } from "./custody/needed_events.ts";
import { owedRuns } from "./custody/owed_runs.ts";
import { Places } from "./custody/places.ts";
import type { CustodyDocument, Shipment } from "./custody/shipment.ts";
import { takeUpCustody } from "./custody/take_up.ts";
import { Upkeep } from "./custody/upkeep.ts";
import { WriteBehind } from "./custody/write_behind.ts";
import { lookEachSecond } from "./each_second.ts";
import { Accounts } from "./ledger/accounts.ts";
import { Presence } from "./inspect/presence.ts";
import { TraceJournal } from "./inspect/trace_journal.ts";
import type { LinkBus } from "./link/link_bus.ts";
import { Links } from "./link/links.ts";
import { toIdentity } from "./link/identity.ts";
import type { Neighbour } from "./link/neighbour.ts";
import type { LocalCluster } from "./local_cluster.ts";
import { Dialling } from "./membership/dialling.ts";
import { Witnesses } from "./membership/witnesses.ts";
import { type FederationOptions, TOPOLOGY_LIFETIME_MS } from "./options.ts";
import type { FederationNotice, FederationParts } from "./parts.ts";
import { Recovery } from "./recovery.ts";
import { Relay } from "./relay.ts";
import { ReleaseGate } from "./release_gate.ts";
import { ReadyBarriers } from "./routing/ready_barriers.ts";
import { GroupConflicts } from "./routing/group_conflicts.ts";
import { InterestExchange } from "./routing/interest_exchange.ts";
import { takeInstalled, takePurged } from "./routing/take_records.ts";
import { Topology } from "./routing/topology.ts";
import { recordChanges, recordsCounterChange } from "./routing/record_documents.ts";
import { RecordDatabase } from "./routing/records/mod.ts";
import { bytesToHex, hexToBytes } from "./hex.ts";
import { loadState } from "./load_state.ts";
import { laneOf } from "./traffic.ts";
import type { World } from "./world.ts";

export class Federation {
  readonly self: string;
  readonly options: FederationOptions;
  readonly records: RecordDatabase;
  readonly topology: Topology;
  readonly witnesses: Witnesses;
  readonly interest: InterestExchange;
  readonly groups: GroupConflicts;
  readonly custody: Custody;
  readonly upkeep: Upkeep;
  readonly departures: Departures;
  readonly bestEffort: BestEffort;
  readonly repicks: Repicks;
  readonly recovery: Recovery;
  readonly intake: Intake;
  readonly accounts: Accounts;
  readonly links: Links;
  readonly dialling: Dialling;
  readonly relay: Relay;
  readonly trace: TraceJournal;
  readonly barriers: ReadyBarriers;
  readonly log: CustodyLog;
  readonly world: World;
  readonly local: LocalCluster;
  readonly places = new Places();
  readonly presence: Presence;
  /** Reading of the monotonic clock, ms. */
  readonly startedAt: number;
  readonly documents = new CustodyDocuments();
  readonly #parts: FederationParts;
  readonly #writes: WriteBehind;
  readonly #waits: CustodyWaits;
  readonly #gate: ReleaseGate;
  readonly #changed = new Set<() => void>();
  readonly #headAtStart: number;
  #marks = 0;
  #hasDatabase = false;
  #stopped = false;
  #cancelTick: (() => void) | undefined;

  /** Reads what is durable, then calls `done`; nothing is sent before `start()`. */
  static open(
    parts: FederationParts,
    options: FederationOptions,
    done: (error: unknown, federation?: Federation) => void,
  ): void {
    const federation = new Federation(parts, options);
    parts.log.list("federation/", (error, entries) => {
      if (error !== undefined) return done(error);
      try {
        federation.#load(entries);
      } catch (failure) {
        return done(failure);
      }
      done(undefined, federation);
    });
  }

  private constructor(parts: FederationParts, options: FederationOptions) {
    const { world, log, local, onError } = parts;
    this.#parts = parts;
    this.options = options;
    this.world = world;
    this.log = log;
    const warn = ({ code, detail, peer }: Omit<FederationNotice, "level">) => this.#notice("warn", code, detail, peer);
    const self = this.self = local.cluster;
    const { epoch } = log.incarnation;
    this.local = local;
    this.presence = new Presence(world, (cluster) => this.topology.hasLeft(cluster));
    this.startedAt = world.now();
    this.#headAtStart = log.head;
    const lane = (topic: string) => laneOf(options.traffic, topic);
    const newMark = (): string => `${epoch.toString(36)}-${(this.#marks++).toString(36)}`;
    this.#writes = new WriteBehind(world, log, onError);
    this.trace = new TraceJournal({ world, wall: parts.wall, save: (change) => this.#writes.change(change) });
    this.relay = new Relay({
      world,
      self,
      nextHop: (destination) => this.topology.table.nextHop(destination),
      send: (peer, payload) => this.links.send(peer, "relay", payload),
    });
    this.dialling = new Dialling({
      world,
      dial: parts.dial,
      options,
      links: () => this.links,
      onFailure: (url, { code, detail }) => this.#notice("warn", code, `Cannot join "${url}": ${detail}`),
    });
    this.records = new RecordDatabase({
      world,
      self,
      epoch,
      send: (peer, payload) => this.links.send(peer, "db", payload),
      persist: (records, removed, persisted) =>
        log.commit([], recordChanges(records, removed), (error) => persisted(error)),
      onInstalled: (records) => {
        takeInstalled(this, records);
        this.#gate.look();
        this.#tell();
      },
      onPurged: (records) => {
        takePurged(this, records);
        this.#tell();
      },
      onCounter: (counter) => this.#writes.change(recordsCounterChange(counter)),
      onSynced: () => this.departures.held && this.departures.release(),
      onNotice: ({ code, detail, origin }) => this.#notice("warn", code, detail, origin),
    }, parts.share === undefined ? {} : { share: parts.share });
    this.topology = new Topology({
      world,
      self,
      node: { id: local.node, ...options.about, nats: options.url, since: 0 },
      setting: (peer) => this.dialling.settingOf(this.links?.neighbours.get(peer)?.active?.bus),
      tagCosts: options.tagCosts,
      speaker: (peer) => this.links?.neighbours.get(peer)?.speaker,
      originate: (body) => void this.records.originate("topology", 0, body, TOPOLOGY_LIFETIME_MS),
      onRoutes: () => this.#routesChanged(),
      onNotice: warn,
    });
    this.witnesses = new Witnesses(this);
    this.interest = new InterestExchange({
      ...{ world, self, local },
      holdMs: options.holdMs,
      originate: (shard, body, lifetimeMs) => this.records.originate("interest", shard, body, lifetimeMs),
      distance: (cluster, topic) => this.topology.routesOf(lane(topic)).distance(cluster),
      onNotice: ({ code, detail, origin }) => this.#notice("warn", code, detail, origin),
    });
    this.groups = new GroupConflicts({ remote: this.interest.remote, local, onNotice: warn });
    const settled = (document: CustodyDocument): void => {
      this.documents.remove(document);
      this.#writes.remove(document.key);
    };
    this.custody = new Custody({
      world,
      routesOf: (lane) => this.topology.routesOf(lane),
      onQueued: (peer, lane) => this.links.pump(peer, lane),
      onSettled: settled,
      onParked: (peer, code) =>
        code === "HOP_LIMIT" &&
        warn({ code, detail: `an event for "${peer}" has crossed too many clusters: parked`, peer }),
    });
    this.accounts = new Accounts({
      world,
      self,
      epoch,
      relay: this.relay,
      save: (change) => this.#writes.change(change),
      syncs: log.syncsCommits,
      whenSynced: (done) => log.whenSynced(done),
      onNoMember: (cluster, event) => this.repicks.add(cluster, event),
      mayForget: () => this.#caughtUp,
      whenDurable: (done) => this.#writes.whenDurable(done),
      onSettled: settled,
      onEnded: (end) => this.trace.noteEnd(self, end),
    });
    const { books, coverages, receipts } = this.accounts;
    const shared = { world, self, log, books, newMark, laneOf: lane, onError };
    this.upkeep = new Upkeep({
      ...shared,
      custody: this.custody,
      documents: this.documents,
      links: () => this.links,
      overflow: options.overflow,
      laneGroups: this.topology.lanes.groups,
      onSettled: settled,
      onNotice: warn,
    });
    this.bestEffort = new BestEffort({
      ...{ world, self, log, local, traffic: options.traffic, topology: this.topology, trace: this.trace },
      destinationsOf: (topic, event) => this.interest.destinationsOf(topic, event),
      neighbour: (peer) => this.links.neighbours.get(peer),
      onNotice: warn,
      onError,
    });
    this.recovery = new Recovery(this, { onNotice: warn, onError });
    this.departures = new Departures({
      ...shared,
      destinationsOf: (topic, event) => this.interest.destinationsOf(topic, event),
      leftToCustody: (event) => this.bestEffort.leftToCustody(event),
      nobodyElsewhere: () => this.interest.nobodyElsewhere,
      travels: (event) => local.travels(event),
      onShipment: (shipment) => this.#depart(shipment),
      onDispatched: () => {
        this.#waits.look();
        this.#tell();
      },
    });
    this.#gate = new ReleaseGate({
      world,
      departures: this.departures,
      records: this.records,
      neighbours: () => this.links.neighbours,
      onNotSynced: (detail) => this.#notice("warn", "NOT_SYNCED", detail),
    });
    this.repicks = new Repicks({
      ...shared,
      pick: (topic, event, group, avoid) => this.interest.pickAgain(topic, event, group, avoid),
      onShipment: (shipment) => this.#depart(shipment),
      isWaiting: (cluster, position) => this.custody.isParked(cluster, position),
      onMoved: (...place) => this.custody.moved(...place, (one) => this.upkeep.end(one, "rejected", "GROUP_MOVED")),
      onNotice: warn,
    });
    this.intake = new Intake({
      self,
      log,
      local,
      coverages,
      places: this.places,
      newMark,
      onForward: (runs, document) => {
        for (const shipment of this.documents.open(runs, document)) this.custody.add(shipment);
      },
      onCrossed: (peer, group) => this.trace.noteGroup("in", peer, group),
      onCovered: (coverage) => this.accounts.covered(coverage),
      onClosedAgain: (origin, closed) => receipts.tellClosed(origin, closed),
      onRefused: ({ peer, code, detail }) => this.#notice("warn", code, detail, peer),
      onError,
    });
    this.#waits = new CustodyWaits({ world, self, books, departures: this.departures, bestEffort: this.bestEffort });
    this.barriers = new ReadyBarriers({
      world,
      self,
      relay: this.relay,
      versionOf: (origin) => this.records.versionOf(origin, "interest"),
      epochOf: (origin) => this.records.epochOf(origin, "interest"),
    });
    this.links = new Links({
      world,
      identity: toIdentity(local, log.incarnation.epoch, options),
      ackAfterSync: log.syncsCommits,
      places: this.places,
      intake: this.intake,
      bestEffort: this.bestEffort,
      neighbour: {
        custody: this.custody,
        reader: new EventReader(log, world, onError),
        age: () => log.now(),
        onHandedOver: (peer, shipments) => {
          for (const shipment of shipments) this.trace.noteRun("out", peer, shipment);
          this.accounts.handedOver(shipments);
        },
      },
      judgeByMesh: (them) => this.witnesses.judge(them),
      root: () => bytesToHex(this.records.root),
      onUp: (neighbour) => this.#linkUp(neighbour),
      onDown: (neighbour, reason) => this.#linkDown(neighbour, reason),
      onHello: (neighbour, hello) => {
        this.topology.noteRtt(neighbour.peer, neighbour.active?.rttMs ?? 0);
        this.custody.setCongested(neighbour.peer, hello);
        this.bestEffort.heard(neighbour.peer, hello.received["best-effort"]);
        if (neighbour.up) this.records.compareRoot(neighbour.peer, hexToBytes(hello.root));
      },
      onControl: (peer, kind, payload) => {
        if (kind === "db") this.records.receive(peer, payload);
        else if (kind === "relay") this.relay.receive(peer, payload);
      },
      onNotice: ({ code, detail, peer, bus }) => warn({ code, detail: bus ? `${detail} (${bus})` : detail, peer }),
    });
  }

  /** Begins: says who is here, joins, and lets events leave as soon as it is known what others want. */
  start(): void {
    this.topology.start();
    this.interest.start();
    this.accounts.receipts.start();
    this.dialling.start();
    this.#gate.start({ open: this.dialling.waitsForOthers || this.#hasDatabase });
    this.#tick();
  }

  /** Meets whoever is on a bus, until it closes: the own endpoint, or one that was dialled. */
  attach(bus: LinkBus): void {
    this.links.attach(bus);
  }

  /** Where this side dials a neighbour, or where the neighbour said that it can be dialled. */
  urlOf({ peer, active }: Neighbour): string | undefined {
    return this.dialling.urlOf(active?.bus) ?? this.dialling.targetOf(peer)?.url ?? this.links.urlOf(peer);
  }

  /** See `CustodyWaits.wait()`. */
  whenInCustody(events: readonly OwnEvent[], wish: CustodyWish, done: (pending: readonly string[]) => void): void {
    this.#waits.wait(events, wish, done);
  }

  /** `done` is called once, with the reachable clusters that have not said in time that they know what is wanted here now. */
  whenReady(timeoutMs: number, done: (missing: readonly string[]) => void): void {
    this.barriers.wait(this.interest.flush(), timeoutMs, done);
  }

  /** Calls `listener` when routes, links or interest changed, or an event was settled. */
  watch(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  /** A cluster that is gone for good: what is owed to it ends as evicted. */
  forget(cluster: string): number {
    this.custody.forget(cluster);
    const count = this.accounts.forget(cluster);
    this.records.forget(cluster);
    this.presence.forget(cluster);
    this.accounts.save();
    this.#tell();
    return count;
  }

  /** Events that are owed to somebody, not dispatched yet, or coming in at this moment. */
  get needed(): readonly NeededEvents[] {
    return neededEvents(this, () => owedRuns(this));
  }

  /**
   * Writes down what is only in memory, then calls `done`; the links close first, so that nothing more comes. Whoever is
   * not in a hurry calls `sayFarewell()` before.
   */
  stop(done: () => void): void {
    this.#stopped = true;
    this.#cancelTick?.();
    this.dialling.stop();
    this.#gate.stop();
    this.departures.stop();
    this.links.stop("the node is stopping");
    this.accounts.stop();
    this.records.stop();
    this.accounts.save();
    this.trace.flush();
    this.#writes.flush(done);
  }

  #load(entries: readonly StateEntry[]): void {
    const { dispatched, custody, records, recordsCounter } = loadState(entries, this);
    this.departures.start(dispatched);
    this.#hasDatabase = records.length > 0;
    if (recordsCounter !== undefined) this.records.startAfter(recordsCounter);
    this.records.load(records);
    const { self, log: { syncsCommits: syncs }, accounts: { books } } = this;
    for (const { document, shipments } of takeUpCustody(custody, { self, books, syncs })) {
      if (document.open === 0 && !document.owed) this.#writes.remove(document.key);
      else this.documents.add(document);
      for (const shipment of shipments) this.custody.add(shipment);
    }
  }

  #depart(shipment: Shipment): void {
    this.documents.add(shipment.document);
    this.trace.noteDispatch(shipment);
    this.custody.add(shipment);
  }

  #linkUp(neighbour: Neighbour): void {
    const { peer, active } = neighbour;
    this.dialling.noteLinked(peer, active?.bus);
    const address = this.urlOf(neighbour);
    if (address !== undefined) this.#parts.onNeighbour?.(address);
    this.records.adjacencyUp(peer);
    this.topology.linkUp(peer, active?.rttMs ?? 0);
    this.#notice("info", "LINK_UP", `linked with "${peer}" over ${active?.bus.name}`, peer);
    this.#tell();
  }

  #linkDown(neighbour: Neighbour, reason: string): void {
    this.records.adjacencyDown(neighbour.peer);
    this.custody.setCongested(neighbour.peer, { congested: [] });
    const planned = neighbour.left || this.#stopped;
    this.topology.linkDown(neighbour.peer, { planned });
    const detail = `lost the link with "${neighbour.peer}": ${reason}`;
    this.#notice(planned ? "info" : "warn", "LINK_DOWN", detail, neighbour.peer);
    this.#tell();
  }

  #routesChanged(): void {
    const { reachable } = this.topology;
    this.interest.noteRoutes(reachable);
    this.custody.reroute();
    this.accounts.receipts.hurry();
    this.barriers.noteReachable(reachable);
    if (!this.#stopped) { for (const notice of this.presence.update(reachable)) this.#parts.onNotice(notice); }
    this.#tell();
  }

  /** Every event of earlier runs has its destinations. */
  get #caughtUp(): boolean {
    return this.departures.dispatched >= this.#headAtStart;
  }

  #tick(): void {
    this.#cancelTick = this.world.after(1000, () => {
      lookEachSecond(this);
      this.#gate.look();
      this.#tick();
    });
  }

  #notice(level: FederationNotice["level"], code: string, detail: string, peer?: string): void {
    this.#parts.onNotice({ level, code, detail, peer });
  }

  #tell(): void {
    for (const listener of this.#changed) listener();
  }
}
