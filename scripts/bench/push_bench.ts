/** How much slower a node pushes to a webhook than a program that does nothing but post. */

import { Child, TemporaryDirectory } from "./child_process.ts";
import { type Figure, median } from "./figure.ts";
import { fillLog } from "./fill_log.ts";
import { callNode, type Server, startNode } from "./servers.ts";
import type { SinkReport } from "./sink_server.ts";

const IN_FLIGHT = 32;
const WARM_UP = 20_000;
const MEASURED = 40_000;
const ROUNDS = 5;

/** 32 requests in flight to one sink, binary mode, 100 bytes; a loop of `fetch` and the node take turns. */
export async function benchPush(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await fillLog(directory.path, WARM_UP + MEASURED);
  await using node = await startNode(directory.path);
  const loops: number[] = [];
  const pushes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    loops.push(await measureLoop());
    pushes.push(await measurePush(node, round));
  }
  return [
    {
      figure: `webhook push, ${IN_FLIGHT} in flight, against a loop of fetch`,
      value: median(pushes.map((rate, round) => rate / loops[round])),
      unit: "ratio",
      aim: "≥ 0.7",
      baseline: `${Math.round(median(loops))} requests/s`,
    },
    { figure: "… events pushed", value: median(pushes), unit: "events/s", aim: "" },
  ];
}

async function measureLoop(): Promise<number> {
  return await withSink((url) => {
    const child = Child.server("scripts/bench/post_loop.ts", [url, String(IN_FLIGHT), String(WARM_UP + MEASURED)]);
    return Promise.resolve(() => child.stop());
  });
}

async function measurePush(node: Server, round: number): Promise<number> {
  const path = `/v1/subscriptions/push-${round}`;
  return await withSink(async (sink) => {
    const config = { topic: "order.>", since: "earliest", maxInFlight: IN_FLIGHT };
    await callNode(node, "PUT", path, { protocol: "HTTP", sink, config });
    return async () => void await callNode(node, "DELETE", path);
  });
}

/** Requests a second that a sink counted, after `begin` had made somebody post to it. */
async function withSink(begin: (url: string) => Promise<() => Promise<void>>): Promise<number> {
  await using sink = Child.client("scripts/bench/sink_server.ts", [String(WARM_UP), String(MEASURED)]);
  const { http } = await sink.next<{ http: string }>();
  const end = await begin(http);
  try {
    const { perSecond } = await sink.next<SinkReport>(120_000);
    return perSecond;
  } finally {
    await end();
  }
}
