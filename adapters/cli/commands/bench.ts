/** `weft bench`: publishes events to a node, receives them, and shows rates and latencies. */

import type { CommandContext } from "../command.ts";
import { CommandError, ExitCode, UsageError } from "../exit_codes.ts";
import { toCountText, toDurationText } from "../humanize.ts";
import { Latencies, type LatencySummary, renderHistogram } from "../latencies.ts";
import { createNodeApi, type NodeApi, TimeoutError } from "../node_api.ts";
import { printFields, printJson, printText, say } from "../output.ts";
import { createProgress, type Progress } from "../progress.ts";

/** Every latency is kept: a million of them is 16 MB. */
const EVENTS_MAX = 1_000_000;
/** The last events are waited for this long after the last publish. */
const RECEIVE_TIMEOUT_MS = 30_000;

interface Plan {
  readonly topic: string;
  readonly events: number;
  readonly batch: number;
  readonly concurrency: number;
  readonly data: string;
}

interface Measured {
  readonly publishMs: number;
  readonly totalMs: number;
  readonly requests: Latencies;
  readonly endToEnd: Latencies;
}

/**
 * JSON: `{"events","bytes","batch","concurrency","publish":{"tookMs","perSecond","latency":{"p50Ms",…}},
 * "endToEnd":{"tookMs","perSecond","latency":{…}}}`; latency of publish is that of a request.
 */
export async function benchmark(context: CommandContext): Promise<void> {
  const plan = readPlan(context);
  const api = createNodeApi(context);
  await api.request("GET", "/livez");
  await say(context, `${toCountText(plan.events)} events of ${plan.data.length} bytes to ${plan.topic} at ${api.url}`);
  const measured = await measure(context, api, plan);
  await (context.json ? printJson(context, toReport(plan, measured)) : print(context, plan, measured));
}

function readPlan({ args }: CommandContext): Plan {
  const events = args.number("events") ?? 10_000;
  if (events < 1 || events > EVENTS_MAX) {
    throw new UsageError(`Cannot run "weft bench": --events is from 1 to ${EVENTS_MAX}, not ${events}`, "bench");
  }
  return {
    topic: `weft-bench.${crypto.randomUUID()}`,
    events,
    batch: Math.max(1, args.number("batch") ?? 1),
    concurrency: Math.max(1, args.number("concurrency") ?? 32),
    data: "x".repeat(args.number("size") ?? 200),
  };
}

async function measure(context: CommandContext, api: NodeApi, plan: Plan): Promise<Measured> {
  const stop = new AbortController();
  const sentAt = new Float64Array(plan.events);
  const requests = new Latencies();
  const endToEnd = new Latencies();
  using progress = createProgress(context, "events received", toCountText);
  const receiver = receive(api, {
    plan,
    sentAt,
    endToEnd,
    progress,
    signals: [stop.signal, context.terminal.interrupted],
  });
  try {
    await Promise.race([receiver.ready, receiver.done]);
    const startedAt = performance.now();
    await publishAll(api, { plan, sentAt, requests });
    const publishMs = performance.now() - startedAt;
    const finish = setTimeout(() => stop.abort(), RECEIVE_TIMEOUT_MS);
    await receiver.done.finally(() => clearTimeout(finish));
    if (context.terminal.interrupted.aborted) throw new CommandError(ExitCode.interrupted, "Interrupted");
    const received = endToEnd.summary.count;
    if (received < plan.events) {
      throw new TimeoutError(
        `Cannot finish: ${received} of ${plan.events} events came back within ${RECEIVE_TIMEOUT_MS} ms`,
      );
    }
    return { publishMs, totalMs: performance.now() - startedAt, requests, endToEnd };
  } finally {
    stop.abort();
  }
}

interface Receiving {
  readonly plan: Plan;
  readonly sentAt: Float64Array;
  readonly endToEnd: Latencies;
  readonly progress: Progress;
  readonly signals: AbortSignal[];
}

/** `done` resolves when all have come, or a signal aborts. */
function receive(api: NodeApi, { plan, sentAt, endToEnd, progress, signals }: Receiving) {
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
  const run = async () => {
    const seen = new Set<number>();
    for await (const { event } of api.client.subscribe(plan.topic, { signal: AbortSignal.any(signals), onReady })) {
      const number = Number(event.id);
      if (!seen.has(number)) endToEnd.add(performance.now() - sentAt[number]);
      progress.update(seen.add(number).size, plan.events);
      if (seen.size === plan.events) return;
    }
  };
  const done = run();
  done.catch(() => undefined); // whoever awaits it is told; while publishing nobody does
  return { ready, done };
}

interface Publishing {
  readonly plan: Plan;
  readonly sentAt: Float64Array;
  readonly requests: Latencies;
}

async function publishAll(api: NodeApi, { plan, sentAt, requests }: Publishing): Promise<void> {
  const { topic, events, batch, concurrency, data } = plan;
  const source = `/bench/${topic}`;
  let next = 0;
  const work = async () => {
    while (next < events) {
      const first = next;
      next = Math.min(events, first + batch);
      const bodies = Array.from({ length: next - first }, (_, i) => ({
        specversion: "1.0",
        id: String(first + i),
        source,
        type: topic,
        data,
      }));
      const startedAt = performance.now();
      sentAt.fill(startedAt, first, first + bodies.length);
      await send(api, batch === 1 ? bodies[0] : bodies);
      requests.add(performance.now() - startedAt);
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, events) }, work);
  await Promise.all(workers).finally(() => next = events);
}

async function send(api: NodeApi, body: object): Promise<void> {
  const mediaType = Array.isArray(body) ? "application/cloudevents-batch+json" : "application/cloudevents+json";
  await api.request("POST", "/v1/events", { body, headers: { "content-type": mediaType } });
}

function toReport({ events, data, batch, concurrency }: Plan, { publishMs, totalMs, requests, endToEnd }: Measured) {
  const part = (tookMs: number, latency: LatencySummary) => ({
    tookMs: Math.round(tookMs),
    perSecond: Math.round(events / tookMs * 1000),
    latency,
  });
  return {
    events,
    bytes: data.length,
    batch,
    concurrency,
    publish: part(publishMs, requests.summary),
    endToEnd: part(totalMs, endToEnd.summary),
  };
}

async function print(context: CommandContext, plan: Plan, measured: Measured): Promise<void> {
  const { publish, endToEnd } = toReport(plan, measured);
  await printFields(context, {
    published: `${toCountText(publish.perSecond)} events/s (${toDurationText(publish.tookMs)})`,
    received: `${toCountText(endToEnd.perSecond)} events/s (${toDurationText(endToEnd.tookMs)})`,
    request: toLine(publish.latency),
    "end to end": toLine(endToEnd.latency),
  });
  await printText(context, `\nlatency of a publish request\n${renderHistogram(measured.requests.buckets())}`);
  await printText(context, `latency from publisher to subscriber\n${renderHistogram(measured.endToEnd.buckets())}`);
}

function toLine({ p50Ms, p90Ms, p99Ms, maxMs }: LatencySummary): string {
  return [["p50", p50Ms], ["p90", p90Ms], ["p99", p99Ms], ["max", maxMs]]
    .map(([name, ms]) => `${name} ${toDurationText(Number(ms))}`).join("  ");
}
