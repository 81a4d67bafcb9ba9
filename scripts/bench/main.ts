/**
 * Measures Weft on this machine, against baselines of the same run.
 *
 *     bun run bench [name …] [--json]         deno task bench [name …] [--json]
 *
 * Without names everything but `soak` and `mesh-1000` runs, in about twenty minutes. Servers run on the runtime that runs
 * this. Progress goes to standard error, the figures to standard output. docs/benchmarks.md says what they mean.
 */

import process from "node:process";

import { readOptions } from "../options/read_options.ts";
import { benchCesql } from "./cesql.ts";
import { runtimeName } from "./child_process.ts";
import { benchDeadLink } from "./dead_link_bench.ts";
import { benchDrain } from "./drain_bench.ts";
import { benchFanOut } from "./fan_out_bench.ts";
import { type Figure, isMet, toTable } from "./figure.ts";
import { benchHop } from "./hop_bench.ts";
import { benchIdleLink } from "./idle_link_bench.ts";
import { benchInterest } from "./interest_bench.ts";
import { benchFlooding } from "./flooding.ts";
import { benchLink } from "./link_bench.ts";
import { benchLiveness } from "./liveness_bench.ts";
import { benchMatcher } from "./matcher.ts";
import { benchLargeMesh, benchMesh } from "./mesh_bench.ts";
import { benchPaths } from "./paths.ts";
import { benchPublish, benchPublishFull } from "./publish_bench.ts";
import { benchPull } from "./pull_bench.ts";
import { benchPush } from "./push_bench.ts";
import { benchSoak } from "./soak_bench.ts";
import { benchStart } from "./start_bench.ts";
import { benchStore } from "./store.ts";
import { benchThrough } from "./through_bench.ts";

const BENCHES: Readonly<Record<string, () => Figure[] | Promise<Figure[]>>> = {
  start: benchStart,
  publish: benchPublish,
  "publish-full": benchPublishFull,
  pull: benchPull,
  push: benchPush,
  "fan-out": benchFanOut,
  liveness: benchLiveness,
  matcher: benchMatcher,
  interest: benchInterest,
  cesql: benchCesql,
  store: benchStore,
  paths: benchPaths,
  flooding: benchFlooding,
  mesh: benchMesh,
  link: benchLink,
  hop: benchHop,
  through: benchThrough,
  drain: benchDrain,
  "dead-link": benchDeadLink,
  "idle-link": benchIdleLink,
  "mesh-1000": benchLargeMesh,
  soak: benchSoak,
};

/** They take long, or much memory. */
const ON_DEMAND: readonly string[] = ["soak", "mesh-1000"];

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(import.meta.url, {
    args: [...args],
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, soak: { type: "boolean", default: false } },
  });
  const named = values.soak ? [...positionals, "soak"] : positionals;
  const unknown = named.find((name) => !(name in BENCHES));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot run benchmark "${unknown}": choose among ${Object.keys(BENCHES).join(", ")}`);
  }
  const names = named.length > 0 ? named : Object.keys(BENCHES).filter((name) => !ON_DEMAND.includes(name));
  const results: (Figure & { readonly bench: string })[] = [];
  for (const name of names) {
    process.stderr.write(`${runtimeName}: ${name} …\n`);
    const startedAt = performance.now();
    const figures = await BENCHES[name]();
    results.push(...figures.map((figure) => ({ bench: name, ...figure })));
    process.stderr.write(`${runtimeName}: ${name} took ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
    if (!values.json) process.stdout.write(`\n${name}\n${toTable(figures)}\n`);
  }
  if (values.json) {
    const figures = results.map((result) => ({ ...result, met: isMet(result) ?? null }));
    process.stdout.write(`${JSON.stringify({ runtime: runtimeName, figures }, null, 2)}\n`);
  }
}

// Not only as the main module: on Bun the launcher imports this file.
await main(process.argv.slice(2)).then(() => process.exit(0), (error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});
