/** How much slower a durable publish is than a web server that does nothing with what it is sent. */

import type { CpuTime } from "./child_process.ts";
import { TemporaryDirectory } from "./child_process.ts";
import { type Figure, median } from "./figure.ts";
import { fillLog } from "./fill_log.ts";
import { publishLoad } from "./load.ts";
import { type Server, startBare, startNode } from "./servers.ts";

const CONNECTIONS = 64;
const ROUNDS = 5;
const WARM_UP_MS = 1500;
const MEASURE_MS = 2000;
const FULL_LOG = 1_000_000;
const FULL_ROUNDS = 3;

interface Run {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly cpu: CpuTime | undefined;
}

/** Binary mode, 100 bytes, unique ids, deduplication on, 64 connections; rounds of bare, decode and node take turns. */
export async function benchPublish(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using bare = await startBare("bare");
  await using decode = await startBare("decode");
  await using node = await startNode(directory.path);
  const servers = [bare, decode, node];
  for (const server of servers) await measure(server, WARM_UP_MS);
  const runs: Run[][] = servers.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, server] of servers.entries()) runs[i].push(await measure(server, 200));
  }
  const [bareRuns, decodeRuns, nodeRuns] = runs;
  const rate = (of: readonly Run[]) => median(of.map(({ perSecond }) => perSecond));
  const ratio = (to: readonly Run[]) => median(nodeRuns.map((run, round) => run.perSecond / to[round].perSecond));
  return [
    {
      figure: "durable publish, against a bare Hono",
      value: ratio(bareRuns),
      unit: "ratio",
      aim: "≥ 0.6",
      baseline: `${Math.round(rate(bareRuns))} requests/s`,
    },
    {
      figure: "… against Hono that decodes and answers a receipt",
      value: ratio(decodeRuns),
      unit: "ratio",
      aim: "",
      baseline: `${Math.round(rate(decodeRuns))} requests/s`,
    },
    { figure: "… events published", value: rate(nodeRuns), unit: "events/s", aim: "" },
    { figure: "… p99 of a publish", value: median(nodeRuns.map(({ p99Ms }) => p99Ms)), unit: "ms", aim: "" },
    ...cpuFigures(bareRuns, nodeRuns),
  ];
}

/** The same on a log of a million events, against an empty one. */
export async function benchPublishFull(): Promise<Figure[]> {
  using full = new TemporaryDirectory();
  await fillLog(full.path, FULL_LOG);
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < FULL_ROUNDS; round++) {
    // Both start anew, so that the empty log is one and neither is better warmed up.
    using empty = new TemporaryDirectory();
    await using onEmpty = await startNode(empty.path);
    await using onFull = await startNode(full.path);
    const servers = round % 2 === 0 ? [onEmpty, onFull] : [onFull, onEmpty];
    for (const server of servers) await measure(server, WARM_UP_MS, 100);
    const perSecond = new Map<Server, number>();
    for (const server of servers) perSecond.set(server, (await measure(server, 200)).perSecond);
    ratios.push(perSecond.get(onFull)! / perSecond.get(onEmpty)!);
    rates.push(perSecond.get(onEmpty)!);
  }
  return [{
    figure: "durable publish with 1 M events in the log, against an empty log",
    value: median(ratios),
    unit: "ratio",
    aim: "≥ 0.9",
    baseline: `${Math.round(median(rates))} events/s`,
  }];
}

async function measure(server: Server, warmUpMs: number, measureMs = MEASURE_MS): Promise<Run> {
  const before = server.child.cpuTime();
  const { perSecond, p99Ms } = await publishLoad(server, { connections: CONNECTIONS, warmUpMs, measureMs });
  const after = server.child.cpuTime();
  if (before === undefined || after === undefined) return { perSecond, p99Ms, cpu: undefined };
  // The time of the warm-up is in it, and so are its requests.
  const requests = perSecond * (warmUpMs + measureMs) / 1000;
  return {
    perSecond,
    p99Ms,
    cpu: {
      mainThreadUs: (after.mainThreadUs - before.mainThreadUs) / requests,
      allThreadsUs: (after.allThreadsUs - before.allThreadsUs) / requests,
    },
  };
}

/** What a request takes of the processors: tells more than a rate does where others use the machine too. */
function cpuFigures(bare: readonly Run[], node: readonly Run[]): Figure[] {
  const of = (runs: readonly Run[], pick: (cpu: CpuTime) => number) => {
    const values = runs.flatMap(({ cpu }) => cpu === undefined ? [] : [pick(cpu)]);
    return values.length === 0 ? undefined : median(values);
  };
  const figures: [string, (cpu: CpuTime) => number][] = [
    ["… processor time of the main thread", (cpu) => cpu.mainThreadUs],
    ["… processor time of all threads", (cpu) => cpu.allThreadsUs],
  ];
  return figures.flatMap(([figure, pick]) => {
    const value = of(node, pick);
    if (value === undefined) return [];
    return [{ figure, value, unit: "µs/event", aim: "", baseline: `${of(bare, pick)!.toFixed(1)} µs/request` }];
  });
}
