/** How soon two nodes notice that nothing passes between them any more, and how soon events go another way. */

import { eventually } from "../../tests/support/eventually.ts";
import { FaultProxy } from "../../tests/support/fault_proxy.ts";
import { TemporaryDirectory } from "./child_process.ts";
import { type Figure, median, quantile } from "./figure.ts";
import { type LinkedNode, startLinked } from "./linked_nodes.ts";
import { callNode } from "./servers.ts";
import { type SeenEvent, watchStream } from "./watch_stream.ts";

/** Clusters that start together, each with a proxy of its own; their links break one after the other. */
const ORIGINS = 4;
const ROUNDS = 13;
const SLOW_ROUNDS = 5;
/** Each way, where the network is slow: the round trip is twice that, and what the timers of the proxy add. */
const SLOW_MS = 100;
/** The way over carol is taken when there is no other, however slow the direct link is. */
const DETOUR_COST = 10_000;
const PUBLISH_EVERY_MS = 5;
const PATIENCE = { timeoutMs: 20_000 };

interface Loss {
  /** As the link itself measured it. */
  readonly rttMs: number;
  /** From the black hole until one side said that the link is down, ms. */
  readonly noticedMs: readonly number[];
  /** From then until everything that had been stuck came by the other way, ms. */
  readonly reroutedMs: number;
}

/**
 * Bob and carol stay. In each round new clusters link with both, publish for bob, and lose the link with him in a black hole:
 * nobody is told. A new cluster has not flapped, so that its link is used at once. Some two minutes.
 */
export async function benchDeadLink(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using bob = await startLinked("bob", `${directory.path}/bob`);
  await using carol = await startLinked("carol", `${directory.path}/carol`, { join: [bob.nats] });
  await using site = await Site.open(directory.path, bob, carol);
  const quick: Loss[] = [];
  for (let round = 0; round < ROUNDS; round++) quick.push(...await site.round({ delayMs: 0 }));
  const slow: Loss[] = [];
  for (let round = 0; round < SLOW_ROUNDS; round++) slow.push(...await site.round({ delayMs: SLOW_MS }));
  const noticed = quick.flatMap(({ noticedMs }) => noticedMs);
  const noticedSlow = slow.flatMap(({ noticedMs }) => noticedMs);
  const rttMs = median(slow.map(({ rttMs }) => rttMs));
  const rerouted = quick.map(({ reroutedMs }) => reroutedMs);
  return [
    {
      figure: "dead link noticed, p99",
      value: quantile(noticed, 0.99),
      unit: "ms",
      aim: "≤ 1000",
      baseline: `${noticed.length} times, from the black hole until a subscriber is told`,
    },
    { figure: "… median", value: median(noticed), unit: "ms", aim: "" },
    { figure: "… worst", value: Math.max(...noticed), unit: "ms", aim: "" },
    {
      figure: `… over a round trip of ${rttMs.toFixed(0)} ms, p99`,
      value: quantile(noticedSlow, 0.99),
      unit: "ms",
      aim: `≤ ${Math.round(Math.max(1000, 7 * rttMs))}`,
      baseline: `${noticedSlow.length} times`,
    },
    {
      figure: "then everything stuck has come by the alternate, p99",
      value: quantile(rerouted, 0.99),
      unit: "ms",
      aim: "≤ 50",
      baseline: `${rerouted.length} times, an event each ${PUBLISH_EVERY_MS} ms`,
    },
    { figure: "… median", value: median(rerouted), unit: "ms", aim: "" },
  ];
}

/** The two clusters that stay, and what they tell. */
class Site implements AsyncDisposable {
  readonly #directory: string;
  readonly #bob: LinkedNode;
  readonly #carol: LinkedNode;
  /** When bob lost the link with each cluster. */
  readonly #lost = new Map<string, number>();
  readonly #arrivals = new Map<string, number>();
  readonly #streams: AsyncDisposable[] = [];
  #origins = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(directory: string, bob: LinkedNode, carol: LinkedNode) {
    this.#directory = directory;
    this.#bob = bob;
    this.#carol = carol;
  }

  static async open(directory: string, bob: LinkedNode, carol: LinkedNode): Promise<Site> {
    const site = new Site(directory, bob, carol);
    const { url } = bob;
    site.#streams.push(await watchStream(url, "weft-system.link.down", (event) => noteLoss(site.#lost, event)));
    site.#streams.push(await watchStream(url, "order.>", ({ id, at }) => void site.#arrivals.set(id, at)));
    return site;
  }

  /** The links of several new clusters with bob break, one after the other. */
  async round({ delayMs }: { delayMs: number }): Promise<Loss[]> {
    return await Promise.all(Array.from({ length: ORIGINS }, () => this.#lose(`alice-${++this.#origins}`, delayMs)));
  }

  async #lose(name: string, delayMs: number): Promise<Loss> {
    await using proxy = await FaultProxy.start({ port: Number(new URL(this.#bob.nats).port) });
    proxy.delay(delayMs);
    await using alice = await startLinked(name, `${this.#directory}/${name}`, {
      join: [proxy.url],
      links: [{ url: this.#carol.nats, cost: DETOUR_COST }],
    });
    const lost = new Map<string, number>();
    await using _stream = await watchStream(alice.url, "weft-system.link.down", (event) => noteLoss(lost, event));
    await eventually(() => isDirect(alice), PATIENCE);
    const loss = this.#turn.then(() => this.#breakLink(name, alice, proxy, lost));
    this.#turn = loss.catch(() => {}); // thrown below; the others have their turn all the same
    return await loss;
  }

  async #breakLink(
    name: string,
    alice: LinkedNode,
    proxy: FaultProxy,
    lost: ReadonlyMap<string, number>,
  ): Promise<Loss> {
    const publisher = new Publisher(alice, name);
    await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 500)); // HELLOs are at any point
    const rttMs = await rttToBob(alice);
    const brokenAt = performance.now();
    proxy.blackHole();
    await eventually(() => lost.has("bob") && this.#lost.has(name), PATIENCE);
    await publisher.stop();
    const noticedAt = lost.get("bob")!;
    const noticedMs = [noticedAt - brokenAt, this.#lost.get(name)! - brokenAt];
    const stuck = publisher.accepted.filter(({ at }) => at < noticedAt);
    await eventually(() => stuck.every(({ id }) => this.#arrivals.has(id)), PATIENCE);
    const lastAt = Math.max(...stuck.map(({ id }) => this.#arrivals.get(id)!));
    return { rttMs, noticedMs, reroutedMs: Math.max(0, lastAt - noticedAt) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) await stream[Symbol.asyncDispose]();
  }
}

/** Publishes at a steady pace until it is stopped. */
class Publisher {
  readonly accepted: { readonly id: string; readonly at: number }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #open = new Set<Promise<unknown>>();
  #count = 0;

  constructor(node: LinkedNode, source: string) {
    this.#timer = setInterval(() => this.#publish(node, source), PUBLISH_EVERY_MS);
  }

  /** Resolves once the last one was answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  #publish(node: LinkedNode, source: string): void {
    const id = `${source}-${this.#count++}`;
    const event = { specversion: "1.0", id, source: `/shops/${source}`, type: "order.placed" };
    const publishing = postEvent(node, event).then(() => {
      this.accepted.push({ id, at: performance.now() });
      this.#open.delete(publishing);
    });
    this.#open.add(publishing);
  }
}

async function postEvent({ url }: LinkedNode, event: unknown): Promise<void> {
  const headers = { "content-type": "application/cloudevents+json" };
  const response = await fetch(`${url}/`, { method: "POST", headers, body: JSON.stringify(event) });
  const text = await response.text();
  if (response.status !== 202) throw new Error(`Cannot publish at "${url}": ${response.status} ${text}`);
}

function noteLoss(lost: Map<string, number>, { data, at }: SeenEvent): void {
  lost.set((data as { readonly peer: string }).peer, at);
}

/** Events for bob take the link with him, and could go over carol. */
async function isDirect(alice: LinkedNode): Promise<boolean> {
  const { routes } = await callNode(alice, "GET", "/routes?destination=bob") as {
    readonly routes: readonly { readonly nextHop: string | null; readonly alternate: string | null }[];
  };
  return routes.some(({ nextHop, alternate }) => nextHop === "bob" && alternate === "carol");
}

async function rttToBob(alice: LinkedNode): Promise<number> {
  const { links } = await callNode(alice, "GET", "/v1/links") as {
    readonly links: readonly { readonly peer?: string; readonly rttMs: number }[];
  };
  return links.find(({ peer }) => peer === "bob")!.rttMs;
}
