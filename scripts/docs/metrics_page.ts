/** `docs/metrics.md`: every metric that a node shows. */

import { NatsCounts, natsMetrics } from "../../adapters/door/nats/mod.ts";
import { createCustodyLog } from "../../adapters/federation/custody_log.ts";
import { createLocalCluster } from "../../adapters/federation/local_cluster.ts";
import { federationMetrics } from "../../adapters/federation/mod.ts";
import { openMemoryStore } from "../../adapters/store/memory.ts";
import {
  HttpCounters,
  LoopLag,
  type MetricDefinition,
  nodeMetrics,
  processMetrics,
  routeOf,
} from "../../adapters/telemetry/mod.ts";
import { Federation } from "../../federation/mod.ts";
import { systemClock, WeftNode } from "../../node/mod.ts";
import { code, generatedFrom, table } from "./markdown.ts";

interface Group {
  readonly title: string;
  readonly definitions: readonly MetricDefinition[];
}

export interface DocumentedMetric {
  readonly name: string;
  readonly type: MetricDefinition["type"];
  readonly help: string;
  /** Names of its labels, each with its values where all of them are known beforehand. */
  readonly labels: readonly string[];
}

export async function renderMetricsPage(): Promise<string> {
  const groups = await readGroups((groups) =>
    groups.map(({ title, definitions }) => {
      const rows = definitions.map(toDocumented).map(({ name, type, labels, help }) => [
        code(name),
        type,
        labels.join("; "),
        help,
      ]);
      return `## ${title}\n\n${table(["metric", "type", "labels", "meaning"], rows)}\n`;
    })
  );
  return `${HEAD}\n${groups.join("\n")}`;
}

/** In the order of the page. */
export async function documentedMetrics(): Promise<readonly DocumentedMetric[]> {
  return await readGroups((groups) => groups.flatMap(({ definitions }) => definitions.map(toDocumented)));
}

/** The definitions read a node, so there is one while `use` runs; it hears nobody and writes nothing. */
async function readGroups<Result>(use: (groups: readonly Group[]) => Result): Promise<Result> {
  const name = "docs";
  await using node = await WeftNode.open({
    store: await openMemoryStore({ cluster: name }),
    clock: systemClock,
    sinks: { prepare: () => Promise.resolve(), open: () => ({ deliver: () => Promise.reject(new Error(name)) }) },
    random: Math.random,
    newId: () => name,
    onError: () => undefined,
  }, { id: name, cluster: name, federation: name });
  const counters = new HttpCounters();
  // Samples with labels are there once something was counted.
  counters.note(routeOf("POST", "http://node/v1/events"), 202, 1);
  counters.noteProblem("STORE_FULL");
  const lag = new LoopLag({ now: () => 0, after: () => () => undefined });
  const ofNode = nodeMetrics(node);
  const isOfStore = ({ name }: MetricDefinition) => name.startsWith("weft_store_");
  return use([
    { title: "Events and deliveries", definitions: ofNode.filter((definition) => !isOfStore(definition)) },
    { title: "Store", definitions: ofNode.filter(isOfStore) },
    { title: "Mesh", definitions: federationMetrics(await openFederation(node)) },
    { title: "HTTP", definitions: counters.metrics() },
    { title: "NATS endpoint", definitions: natsMetrics(new NatsCounts()) },
    {
      title: "Process",
      definitions: [...lag.metrics(), ...processMetrics({ version: "", runtime: "", runtimeVersion: "" })],
    },
  ]);
}

/** One that meets nobody, for nothing of it is started. */
function openFederation(node: WeftNode): Promise<Federation> {
  const parts = {
    world: { now: () => 0, after: () => () => undefined, randomInteger: () => 0 },
    log: createCustodyLog(node.store),
    local: createLocalCluster(node),
    dial: () => () => undefined,
    wall: () => 0,
    onNotice: () => undefined,
    onError: () => undefined,
  };
  const options = { name: "docs", instance: "docs", join: [], links: [], traffic: [], cached: [] };
  const about = { runtime: "", version: "" };
  return new Promise((resolve, reject) =>
    Federation.open(parts, { ...options, about }, (error, opened) => opened ? resolve(opened) : reject(error))
  );
}

function toDocumented({ name, type, help, read, labels: named }: MetricDefinition): DocumentedMetric {
  const samples = read().flatMap(({ labels }) => labels === undefined ? [] : [labels]);
  const names = new Set(samples.flatMap(Object.keys));
  names.delete("le"); // every histogram has it
  for (const label of named ?? []) names.add(label);
  const labels = [...names].map((label) => {
    const values = samples.map((each) => code(String(each[label])));
    return samples.length < 2 ? code(label) : `${code(label)}: ${values.join(", ")}`;
  });
  return { name, type, help, labels };
}

const HEAD = `${generatedFrom("adapters/telemetry/")}
# Metrics

\`GET /metrics\` answers in the Prometheus text format, without credentials while the node listens on loopback. Counters begin
at 0 when the process starts. A histogram has \`_bucket\` (label \`le\`), \`_sum\` and \`_count\`. Labels take few values whatever
clients send. Which of these to watch is in [operations](operations.md#what-to-watch).
`;
