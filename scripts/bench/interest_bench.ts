/** What it costs to find the clusters that want an event, and to make a summary of a million wants. */

import { RemoteInterest, summarise, type Wanted } from "../../federation/routing/interest/mod.ts";
import type { Want } from "../../federation/mod.ts";

import { type Figure, median } from "./figure.ts";

const CLUSTERS = 100;
const WANTS = 100_000;
const MATCHES = 200_000;
/** Matches timed together: long enough for the clock, short enough for a median. */
const BATCH = 1000;
/** Topics that a busy node sees again and again. */
const HOT_TOPICS = 2000;

const SUMMARISED = 1_000_000;
const TENANTS = 2000;
const BUDGET = { entriesMax: 4096, bytesMax: 256 * 1024 };

/** Takes some 10 s and 500 MB. */
export function benchInterest(): Figure[] {
  return [...benchMatch(), ...benchSummary()];
}

function benchMatch(): Figure[] {
  const remote = new RemoteInterest();
  for (let cluster = 0; cluster < CLUSTERS; cluster++) {
    const wants = Array.from({ length: WANTS / CLUSTERS }, (_, i) => wantOf(cluster, i));
    remote.set(`c${cluster}`, 0, wants);
  }
  const fresh = matchAll(remote, Array.from({ length: MATCHES }, (_, i) => topicOf(i)));
  const repeated = matchAll(remote, Array.from({ length: MATCHES }, (_, i) => topicOf((i * 7) % HOT_TOPICS)));
  return [
    { figure: "wants", value: remote.size, unit: "wants", aim: "" },
    { figure: "mean hits", value: fresh.hits, unit: "clusters/match", aim: "" },
    { figure: "match of a new topic, median", value: fresh.ns, unit: "ns", aim: "≤ 1500" },
    { figure: "match of a topic that repeats, median", value: repeated.ns, unit: "ns", aim: "≤ 1500" },
  ];
}

/** Nine in ten name a topic, some of which other clusters want as well; the others are wider. */
function wantOf(cluster: number, i: number): Want {
  const n = (cluster * 397 + i * 31) % (WANTS / 2);
  const pattern = i % 10 === 0 ? `order.region-${cluster}.shop-${i}.>` : topicOf(n);
  return { pattern, durable: i % 2 === 0 };
}

/** Half of the topics are wanted by nobody. */
function topicOf(n: number): string {
  return `order.region-${n % 97}.shop-${n % 1009}.event-${n}`;
}

function matchAll(remote: RemoteInterest, topics: readonly string[]): { readonly ns: number; readonly hits: number } {
  const wanted: Wanted[] = [];
  const batches: number[] = [];
  let hits = 0;
  for (let from = 0; from < topics.length; from += BATCH) {
    readThrough(topics, from);
    const start = performance.now();
    for (let i = from; i < from + BATCH; i++) {
      wanted.length = 0;
      hits += remote.match(topics[i], neverAsked, wanted).length;
    }
    batches.push((performance.now() - start) * 1e6 / BATCH);
  }
  return { ns: median(batches), hits: hits / topics.length };
}

/** Reads a batch of topics, which a node would have just decoded, so that fetching them is not what is measured. */
function readThrough(topics: readonly string[], from: number): number {
  let sum = 0;
  for (let i = from; i < from + BATCH; i++) sum += topics[i].charCodeAt(topics[i].length - 1);
  return sum;
}

function neverAsked(): never {
  throw new Error("Cannot ask for the event: no want has a filter");
}

function benchSummary(): Figure[] {
  const wants = Array.from({ length: SUMMARISED }, (_, i): Want => ({
    pattern: `tenant.t${i % TENANTS}.device-${(i * 7919) % 183}.n${i}.${i % 3 === 0 ? "*" : "state"}`,
    durable: i % 5 === 0,
  }));
  const times: number[] = [];
  let told = 0;
  // The first rounds have the engine compile everything.
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    told = summarise(wants, BUDGET).wants.length;
    times.push(performance.now() - start);
  }
  return [
    { figure: "summary of a million wants", value: median(times), unit: "ms", aim: "≤ 2000" },
    { figure: "entries of that summary", value: told, unit: "entries", aim: "≤ 4096" },
  ];
}
