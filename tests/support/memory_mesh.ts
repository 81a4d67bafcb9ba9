/** Real nodes in one process, linked over brokers in memory, with one clock that moves when a test says so. */

import { answerQuestions } from "../../adapters/federation/answer_questions.ts";
import { ArrivalGate } from "../../adapters/federation/arrival_gate.ts";
import { createCustodyLog } from "../../adapters/federation/custody_log.ts";
import { createLocalCluster } from "../../adapters/federation/local_cluster.ts";
import { openMemoryStore } from "../../adapters/store/memory.ts";
import type { DialBus } from "../../federation/link/link_bus.ts";
import { Federation, type FederationNotice, type FederationOptions } from "../../federation/mod.ts";
import { type EventStore, WeftNode } from "../../node/mod.ts";
import { anEvent, type EventOverrides } from "./events.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryBroker } from "./memory_bus.ts";
import { FakeSinks } from "./test_node.ts";

export interface MemberOptions {
  /** Default: nobody. Whoever has one waits for what others want before its events leave. */
  readonly join?: readonly string[];
  /** What becomes of dialling those. Default: it takes for ever; tests link by `join()`. */
  readonly dial?: DialBus;
  /** Does not answer what others ask. */
  readonly mute?: boolean;
  /** Cap of the store, bytes. */
  readonly bytesMax?: number;
  readonly traffic?: FederationOptions["traffic"];
  readonly tagCosts?: FederationOptions["tagCosts"];
  /** Tags of the links that it dials, by cluster. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  /** Whether it acknowledges what is synced alone, as SQLite does. Default true. */
  readonly syncs?: boolean;
}

export interface MeshMember {
  readonly cluster: string;
  readonly node: WeftNode;
  readonly store: EventStore;
  readonly federation: Federation;
  readonly sinks: FakeSinks;
  readonly notices: FederationNotice[];
  /** Refuses frames of others for want of room. */
  full: boolean;
}

export class MemoryMesh implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly members = new Map<string, MeshMember>();
  /** Errors that nobody waited for. */
  readonly errors: unknown[] = [];
  readonly #links = new Map<string, MemoryBroker>();

  /** A mesh of these links, written `alice-bob`, once every cluster knows of every other. */
  static async open(
    links: readonly string[],
    options: Readonly<Record<string, MemberOptions>> = {},
  ): Promise<MemoryMesh> {
    const mesh = new MemoryMesh();
    const names = new Set(links.flatMap((link) => link.split("-")));
    for (const name of names) await mesh.#add(name, options[name] ?? {});
    for (const link of links) mesh.join(link);
    await mesh.until(() =>
      [...mesh.members.values()].every(({ federation }) =>
        federation.topology.table.reachable().length === names.size - 1
      )
    );
    return mesh;
  }

  get(cluster: string): MeshMember {
    return this.members.get(cluster)!;
  }

  /** Makes a link; the second dials the first. */
  join(link: string): void {
    const [a, b] = link.split("-");
    const broker = new MemoryBroker();
    this.#links.set(link, broker);
    this.get(a).federation.attach(broker.connect("own endpoint", { dialled: false }));
    this.get(b).federation.attach(broker.connect(`nats://${a}`));
  }

  cut(link: string): void {
    this.#links.get(link)!.cut("cut by the test");
    this.#links.delete(link);
  }

  async subscribe(cluster: string, id: string, topic: string, more: Record<string, unknown> = {}): Promise<void> {
    const { config, ...rest } = more as { config?: Record<string, unknown> };
    const body = { protocol: "PULL", ...rest, config: { topic, ...config } };
    await this.get(cluster).node.subscriptions.put(id, body);
    await this.clock.advance(200);
  }

  async publish(cluster: string, event: EventOverrides & { ttlMs?: number } = {}): Promise<void> {
    const { node } = this.get(cluster);
    const made = anEvent(event);
    await node.accept({ topic: node.topicOf(made), event: made, ttlMs: event.ttlMs });
    await this.clock.advance(500);
  }

  /** Lets time pass until something holds. */
  async until(holds: () => boolean, withinMs = 60_000): Promise<void> {
    const end = this.clock.now() + withinMs;
    while (!holds()) {
      if (this.clock.now() > end) throw new Error(`Cannot wait any longer: still false: ${holds}`);
      await this.clock.advance(50);
    }
  }

  /** Lets time pass until a promise is settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const end = () => void (settled = true);
    promise.then(end, end);
    await this.until(() => settled);
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { federation, node } of this.members.values()) {
      await new Promise<void>((resolve) => federation.stop(resolve));
      await node.stop(0);
    }
  }

  async #add(cluster: string, options: MemberOptions): Promise<void> {
    const { join = [], dial = () => () => undefined, mute = false, bytesMax, syncs = true, traffic = [], tags = {} } =
      options;
    const { clock } = this;
    const store = await openMemoryStore({ cluster, clock, retention: [], ...bytesMax !== undefined && { bytesMax } });
    const sinks = new FakeSinks();
    const onError = (error: unknown): void => void this.errors.push(error);
    const gate = new ArrivalGate(cluster);
    const parts = {
      store,
      clock,
      sinks: sinks.factory,
      random: () => 0.999,
      newId: () => "made",
      onError,
      arrivalOrder: gate,
    };
    const node = await WeftNode.open(parts, { id: `${cluster}-1`, cluster, federation: "test" });
    const notices: FederationNotice[] = [];
    const isFull = () => member.full;
    const log = createCustodyLog(store);
    const federation = await openFederation({
      world: { now: clock.now, after: clock.after, randomInteger: (bound) => 7 % bound },
      log: Object.defineProperties(log, {
        usedPermille: { value: () => isFull() ? 1000 : 0 },
        syncsCommits: { value: syncs },
      }),
      local: createLocalCluster(node),
      dial,
      wall: clock.wall,
      onNotice: (notice) => notices.push(notice),
      onError,
    }, {
      name: "test",
      instance: `instance-of-${cluster}`,
      join,
      links: [],
      traffic,
      tagCosts: options.tagCosts,
      cached: [],
      about: { runtime: "test", version: "1" },
      url: `nats://${cluster}`,
    });
    federation.dialling.settingOf = (bus) => ({ cost: 0, tags: tags[bus?.name.replace("nats://", "") ?? ""] ?? [] });
    const member: MeshMember = { cluster, node, store, federation, sinks, notices, full: false };
    this.members.set(cluster, member);
    gate.open(federation.accounts.order);
    if (!mute) answerQuestions(federation, node, onError);
    federation.start();
  }
}

function openFederation(parts: Parameters<typeof Federation.open>[0], options: FederationOptions): Promise<Federation> {
  return new Promise((resolve, reject) =>
    Federation.open(parts, options, (error, opened) => opened ? resolve(opened) : reject(error))
  );
}
