/**
 * Publishers and subscribers at every cluster of a mesh. Each repeats what was not answered, waits while its node is down,
 * and writes down what it saw.
 */

import { eventually } from "../eventually.ts";
import { type ApiAnswer, BATCH } from "../http_api.ts";
import type { EventName, MeshHistory } from "./mesh_history.ts";
import type { MeshProcess } from "./mesh_process.ts";

export interface MeshLoadOptions {
  /** At each cluster; each has one request under way at any time. */
  readonly publishers: number;
  /** Events of a request. */
  readonly batchEvents: number;
  /** Publishers wait while so many wanted events have not arrived. */
  readonly inFlightMax: number;
  /** Who must see each publisher's events in the order of publishing. */
  readonly inOrder: "everybody" | "ordered" | "nobody";
  /** Each request goes to a second cluster as well, which then has the same events under the same ids. */
  readonly twice: boolean;
}

export const TOPICS = ["load.a", "load.b"] as const;

/** What the subscribers of a cluster want, by its place: all, the one half in order, the other half. */
const WANTS: readonly { readonly topics: readonly string[]; readonly ordered: boolean }[] = [
  { topics: TOPICS, ordered: false },
  { topics: [TOPICS[0]], ordered: true },
  { topics: [TOPICS[1]], ordered: false },
];
const PULL_MAX = 500;
/** What a killed node or a lost answer leaves handed out comes again after this. */
const ACK_TIMEOUT_MS = 5_000;
const RETRY_AFTER_MS = 20;
const WAIT_MS = 5;
/** Some thousand events a second come through a loaded machine, and a fault may have to be noticed first. */
const DRAIN_TIMEOUT_MS = 180_000;
const PADDING = "x".repeat(150);

export class MeshLoad {
  readonly #mesh: MeshProcess;
  readonly #history: MeshHistory;
  readonly #options: MeshLoadOptions;
  readonly #subscribers: readonly Subscriber[];
  readonly #paused = new Set<string>();
  #publishing: Promise<unknown> = Promise.resolve();
  #consuming: Promise<unknown> = Promise.resolve();
  #publishes = true;
  #consumes = true;
  #failure: unknown;
  #requests = 0;
  #claimed = 0;
  #allowed = 0;
  accepted = 0;
  #underWay = 0;

  constructor(mesh: MeshProcess, history: MeshHistory, options: MeshLoadOptions) {
    this.#mesh = mesh;
    this.#history = history;
    this.#options = options;
    this.#subscribers = mesh.clusters.map((cluster, index) => new Subscriber(cluster, WANTS[index % WANTS.length]));
  }

  /** Subscribes everywhere, waits until the mesh knows, then begins. */
  async start(): Promise<void> {
    for (const subscriber of this.#subscribers) await this.#subscribe(subscriber);
    await this.#knownEverywhere();
    const { publishers } = this.#options;
    const run = (acts: readonly (() => Promise<void>)[]) =>
      Promise.all(acts.map((act) => act().catch((error) => this.#failure ??= error)));
    this.#consuming = run(this.#subscribers.map((subscriber) => () => this.#consume(subscriber)));
    this.#publishing = run(
      this.#mesh.clusters.flatMap((cluster, index) =>
        Array.from({ length: publishers }, (_, n) => () => this.#publish(cluster, `${cluster}.${n + 1}`, index))
      ),
    );
  }

  /** Wanted events that were accepted and have not arrived. */
  get inFlight(): number {
    return this.#subscribers.reduce((sum, { wanted, seen }) => sum + wanted - seen.size, 0);
  }

  /** Waits; fails when somebody met with an answer that a node must never give. */
  async until(reached: () => boolean, timeoutMs: number): Promise<void> {
    await eventually(() => {
      this.check();
      if (!reached()) throw new Error(`Cannot go on: ${this.#standing()}`);
    }, { timeoutMs, intervalMs: WAIT_MS });
    this.check();
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Publishers or the subscriber of a cluster wait. */
  pause(who: "publishers" | "subscriber", cluster: string): void {
    this.#paused.add(`${who} ${cluster}`);
  }

  resume(who: "publishers" | "subscriber", cluster: string): void {
    this.#paused.delete(`${who} ${cluster}`);
  }

  /** Publishers go on until so many events are sent in all. */
  allow(events: number): void {
    this.#allowed = events;
  }

  /** However much is sent already, there is at least so much left to send. */
  allowMore(events: number): void {
    this.#allowed = Math.max(this.#allowed, this.#claimed + events);
  }

  /** All publishers wait, and everything wanted has arrived. */
  async calm(): Promise<void> {
    for (const cluster of this.#mesh.clusters) this.pause("publishers", cluster);
    await this.until(() => this.#underWay === 0 && this.inFlight === 0, DRAIN_TIMEOUT_MS);
  }

  /**
   * Waits until each subscription has settled all there is: an acknowledgement that is still under way would be in no copy of
   * a data directory that is made now, and its events would be handed out again from there.
   */
  async settled(): Promise<void> {
    await eventually(async () => {
      this.check();
      for (const { cluster, name } of this.#subscribers) {
        const { body, text } = await this.#mesh.node(cluster).call("GET", `/v1/subscriptions/${name}`);
        if (body.status?.lag !== 0) throw new Error(`Cannot go on: "${name}" is not settled: ${text}`);
      }
    }, { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: WAIT_MS });
  }

  /** Waits until all that is allowed is accepted, and every wanted event has arrived. */
  async drain(): Promise<void> {
    await this.until(() => this.accepted >= this.#allowed && this.inFlight === 0, DRAIN_TIMEOUT_MS);
  }

  async stop(): Promise<void> {
    this.#publishes = this.#consumes = false;
    await Promise.all([this.#publishing, this.#consuming]);
  }

  #standing(): string {
    const missing = this.#subscribers.map(({ cluster, wanted, seen }) => `${cluster} ${wanted - seen.size}`).join(", ");
    return `${this.accepted} events accepted; missing at the subscribers: ${missing}`;
  }

  async #subscribe({ cluster, name, topics, ordered }: Subscriber): Promise<void> {
    const who = this.#options.inOrder;
    const inOrder = who === "everybody" || (who === "ordered" && ordered);
    this.#history.add({ type: "subscriber", subscriber: name, cluster, topics, inOrder });
    const { status, text, body } = await this.#mesh.node(cluster).call(
      "PUT",
      `/v1/subscriptions/${name}?ready=mesh`,
      {
        protocol: "PULL",
        config: {
          topic: topics.length === 1 ? topics[0] : "load.>",
          since: "earliest",
          ordered,
          maxInFlight: 2 * PULL_MAX,
          ackTimeoutMs: ACK_TIMEOUT_MS,
          retry: { attemptsMax: 1000, minMs: 20, maxMs: 200 },
        },
      },
    );
    if (status !== 201 || body.missing.length > 0) throw new Error(`Cannot subscribe at "${cluster}": ${text}`);
  }

  /** A cluster that could not be reached when another one subscribed, as on a loaded machine, was not waited for. */
  async #knownEverywhere(): Promise<void> {
    await eventually(async () => {
      for (const { cluster } of this.#subscribers) {
        const { body } = await this.#mesh.node(cluster).call("GET", "/v1/interest");
        const known = new Map<string, number>(
          body.interest.map((each: { cluster: string; told: number }) => [each.cluster, each.told]),
        );
        for (const other of this.#mesh.clusters) {
          if (!known.get(other)) throw new Error(`Cannot go on: "${cluster}" does not know what "${other}" wants`);
        }
      }
    }, { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 50 });
  }

  async #publish(cluster: string, publisher: string, index: number): Promise<void> {
    const { batchEvents, inFlightMax, twice } = this.#options;
    const others = this.#mesh.clusters.filter((other) => other !== cluster);
    const clusters = twice ? [cluster, ...others] : [cluster];
    this.#history.add({ type: "publisher", publisher, clusters, topics: TOPICS });
    const mustWait = () =>
      this.#claimed >= this.#allowed || this.inFlight > inFlightMax || this.#paused.has(`publishers ${cluster}`);
    for (let first = 1;; first += batchEvents) {
      while (this.#publishes && mustWait()) await pause(WAIT_MS);
      if (!this.#publishes) return;
      this.#claimed += batchEvents;
      const last = first + batchEvents - 1;
      this.#history.add({ type: "sent", publisher, first, last });
      const batch = Array.from({ length: batchEvents }, (_, offset) => toEvent(publisher, first + offset));
      const targets = twice ? [cluster, others[(index + first) % others.length]] : [cluster];
      this.#underWay++;
      await Promise.all(targets.map((target) => this.#deliver(target, batch)));
      this.#underWay--;
      this.#history.add({ type: "accepted", publisher, first, last });
      this.accepted += batchEvents;
      for (const subscriber of this.#subscribers) subscriber.expect(first, last);
    }
  }

  async #deliver(cluster: string, batch: readonly unknown[]): Promise<void> {
    const body = JSON.stringify(batch);
    for (;;) {
      const answer = await this.#ask(cluster, "/v1/events", body, BATCH);
      if (answer?.status === 202) return;
      if (!this.#publishes) throw new Error("Cannot finish publishing: the node does not accept the last events");
    }
  }

  async #consume(subscriber: Subscriber): Promise<void> {
    const { cluster, name } = subscriber;
    const path = `/v1/subscriptions/${name}`;
    while (this.#consumes) {
      if (this.#paused.has(`subscriber ${cluster}`)) {
        await pause(RETRY_AFTER_MS);
        continue;
      }
      const request = ++this.#requests;
      this.#history.add({ type: "pulling", request });
      const pulled = await this.#ask(cluster, `${path}/pull`, { max: PULL_MAX, waitMs: 100 });
      const handedOut: { ackId: string; event: { id: string } }[] = pulled?.body.events ?? [];
      if (handedOut.length === 0) continue;
      const events = handedOut.map(({ event }) => event.id);
      this.#history.add({ type: "pulled", request, subscriber: name, events });
      for (const event of events) subscriber.seen.add(event);
      const settled = await this.#ask(cluster, `${path}/ack`, { ack: handedOut.map(({ ackId }) => ackId) });
      if (settled !== undefined) this.#history.add({ type: "acknowledged", request });
    }
  }

  /** `undefined` when there was no answer, or one that asks to come again; then some time has passed. */
  async #ask(cluster: string, path: string, body: unknown, headers = {}): Promise<ApiAnswer | undefined> {
    const answer = await Promise.resolve().then(() => this.#mesh.node(cluster).call("POST", path, body, headers))
      .catch(() => undefined);
    if (answer !== undefined && answer.status < 300) return answer;
    if (answer !== undefined && answer.status !== 503 && answer.status !== 429) {
      throw new Error(`Cannot go on: "${cluster}" answered ${answer.status} to ${path}: ${answer.text}`);
    }
    await pause(RETRY_AFTER_MS);
    return undefined;
  }
}

class Subscriber {
  readonly cluster: string;
  readonly name: string;
  readonly topics: readonly string[];
  /** One at a time for each publisher, whatever ways the events took. */
  readonly ordered: boolean;
  /** Accepted so far of what it wants. */
  wanted = 0;
  readonly seen = new Set<EventName>();

  constructor(cluster: string, { topics, ordered }: typeof WANTS[number]) {
    this.cluster = cluster;
    this.name = `load-at-${cluster}`;
    this.topics = topics;
    this.ordered = ordered;
  }

  expect(first: number, last: number): void {
    for (let n = first; n <= last; n++) if (this.topics.includes(TOPICS[n % TOPICS.length])) this.wanted++;
  }
}

function toEvent(publisher: string, n: number): Record<string, unknown> {
  const type = TOPICS[n % TOPICS.length];
  return { specversion: "1.0", id: `${publisher}:${n}`, source: `/publishers/${publisher}`, type, data: PADDING };
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
