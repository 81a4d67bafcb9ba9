/** Routing tables that are too large to be handled at once: the event loop turns meanwhile, and nothing is missed. */

import { setImmediate } from "node:timers";
import { Hono } from "hono";
import { describe, expect, it } from "bun:test";

import { readServerSentEvents } from "../../adapters/client/server_sent_events.ts";
import type { DoorContext, DoorEnv } from "../../adapters/door/http/door_context.ts";
import { inspectRoutes } from "../../adapters/door/http/inspect/mod.ts";
import type { Federation } from "../../federation/mod.ts";
import { LaneClasses } from "../../federation/routing/lane_classes.ts";
import { RemoteInterest } from "../../federation/routing/interest/mod.ts";
import { LocalInterest } from "../../node/local_interest.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** As many patterns as a cluster may tell. */
const PATTERNS = 4096;

// deno-lint-ignore no-explicit-any -- answers of every shape
type Body = any;

const named = (i: number): string => `shop.${i * 7919 % PATTERNS}.>`;

/** The door of a node that knows some clusters with thousands of patterns each, over links that a test cuts. */
class LargeMesh {
  readonly remote = new RemoteInterest();
  readonly interest = new LocalInterest();
  readonly draining = new AbortController();
  readonly cut = new Set<string>();
  readonly #app = new Hono<DoorEnv>();
  readonly #listeners = new Set<() => void>();
  #version = 1;

  constructor(clusters: number) {
    for (let i = 0; i < clusters; i++) this.tell(`c${i}`, PATTERNS);
    const table = {
      version: 0,
      routeTo: (destination: string) => this.cut.has(destination) ? undefined : toWay(destination),
      nextHop: (destination: string) => this.cut.has(destination) ? undefined : destination,
    };
    Object.defineProperty(table, "version", { get: () => this.#version });
    const federation = {
      self: "alice",
      interest: { remote: this.remote },
      options: { traffic: [] },
      topology: { table, lanes: new LaneClasses([]) },
      watch: (listener: () => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    } as unknown as Federation;
    const node = { id: "alice-1", cluster: "alice", dispatcher: { interest: this.interest } };
    const context = { node, federation, clock: new FakeClock(), draining: this.draining.signal };
    this.#app.route("/", inspectRoutes(context as unknown as DoorContext));
  }

  tell(cluster: string, count: number): void {
    this.remote.set(cluster, 0, Array.from({ length: count }, (_, i) => ({ pattern: named(i), durable: true })), 1);
    this.#changed();
  }

  cutLink(cluster: string): void {
    this.cut.add(cluster);
    this.#version++;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  async get(path: string): Promise<Response> {
    return await this.#app.request(path);
  }

  /** The answer's text, and the turns of the event loop until it was there. */
  async read(path: string): Promise<{ readonly text: string; readonly turns: number }> {
    let turns = 0;
    let reading = true;
    const turn = (): void => {
      turns++;
      if (reading) setImmediate(turn);
    };
    setImmediate(turn);
    const text = await (await this.get(path)).text();
    reading = false;
    return { text, turns };
  }
}

function toWay(destination: string) {
  const path = ["alice", destination];
  return { nextHop: destination, path, cost: 1, state: "active", reason: "the only one", alternate: null };
}

describe("GET /routes of a large table", () => {
  it("pages through every route once, in order, the own ones among them", async () => {
    const mesh = new LargeMesh(2);
    for (let i = 0; i < 5000; i++) mesh.interest.add(`own.${i}`, 0);
    const keys: string[] = [];
    for (let after = ""; after !== null;) {
      const { text } = await mesh.read(`/routes?limit=1000&after=${encodeURIComponent(after)}`);
      const { routes, next }: Body = JSON.parse(text);
      keys.push(...routes.map(({ pattern, destination }: Body) => `${pattern} ${destination}`));
      after = next;
    }
    expect(keys).toHaveLength(2 * PATTERNS + 5000);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.every((key, i) => i === 0 || keys[i - 1] < key)).toBe(true);
  });

  it("lets the event loop turn once for each 4,096 patterns at least, also where few fit", async () => {
    const mesh = new LargeMesh(10);
    for (let i = 0; i < 20_000; i++) mesh.interest.add(`own.${i}`, 0);
    for (const path of ["/routes", "/routes?topic=shop.1.sold"]) {
      expect([path, (await mesh.read(path)).turns >= 10]).toEqual([path, true]);
    }
    mesh.interest.add("own.more", 0);
    expect((await mesh.read("/routes")).turns).toBeGreaterThanOrEqual(15);
  });

  it("writes text and graph piece by piece, with a line for each route", async () => {
    const mesh = new LargeMesh(5);
    const table = await mesh.read("/routes?format=text");
    expect(table.text.split("\n")).toHaveLength(5 * PATTERNS + 2);
    expect(new Set(table.text.split("\n").slice(0, -1).map((line) => line.indexOf("active"))).size).toBe(2);
    expect(table.turns).toBeGreaterThanOrEqual(25);
    const graph = await mesh.read("/routes?format=dot");
    expect(graph.text.split("\n").filter((line) => line.includes("style=dashed"))).toHaveLength(5 * PATTERNS);
    expect(graph.text.split("\n").filter((line) => line.includes("shape=note"))).toHaveLength(PATTERNS);
    expect(graph.turns).toBeGreaterThanOrEqual(20);
  });
});

describe("GET /routes?watch of a large table", () => {
  it("sends it in parts of 1,000 routes, then what changed, of a way that changed each route", async () => {
    const mesh = new LargeMesh(3);
    const messages = readServerSentEvents((await mesh.get("/routes?watch")).body!);
    const read = async (): Promise<Body[]> => {
      const parts: Body[] = [];
      do {
        const { value } = await messages.next();
        parts.push({ event: value!.event, ...JSON.parse(value!.data) });
      } while (parts.at(-1).more);
      return parts;
    };
    const first = await read();
    expect(first.every(({ event, routes }) => event === "routes" && routes.length <= 1000)).toBe(true);
    expect(first.flatMap(({ routes }) => routes)).toHaveLength(3 * PATTERNS);
    mesh.tell("c1", PATTERNS - 2);
    const [second] = await read();
    expect(second).toMatchObject({ event: "change", more: false, added: [] });
    expect(second.removed.map(({ destination }: Body) => destination)).toEqual(["c1", "c1"]);
    mesh.cutLink("c2");
    const third = await read();
    const of = (kind: string) => third.flatMap((part) => part[kind]);
    expect([of("added").length, of("removed").length]).toEqual([PATTERNS, PATTERNS]);
    expect(new Set(of("added").map(({ state }: Body) => state))).toEqual(new Set(["parked"]));
    mesh.draining.abort();
    expect((await messages.next()).done).toBe(true);
  });

  it("misses no change while the client does not read", async () => {
    const mesh = new LargeMesh(3);
    const messages = readServerSentEvents((await mesh.get("/routes?watch")).body!);
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    mesh.tell("c0", 10);
    mesh.tell("new", 5);
    const known = new Map<string, unknown>();
    while (known.size !== 2 * PATTERNS + 15) {
      const { routes = [], added = [], removed = [] } = JSON.parse((await messages.next()).value!.data) as Body;
      for (const { pattern, destination } of removed) known.delete(`${pattern} ${destination}`);
      for (const route of [...routes, ...added]) known.set(`${route.pattern} ${route.destination}`, route);
    }
    mesh.draining.abort();
    expect([...known.keys()].filter((key) => key.endsWith(" new"))).toHaveLength(5);
  });
});
