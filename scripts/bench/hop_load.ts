/**
 * Publishes events at a steady rate over NATS, until its input ends. Arguments: address, subject, events a second (0: as fast
 * as they become durable), how many at most. Says `{"published":n}` at the end.
 */

import process from "node:process";

import { BareNatsClient } from "./bare_nats_client.ts";

const TICK_MS = 5;
/** Without a rate: so many between two flushes. */
const BURST = 2000;
const DATA = "x".repeat(256);

async function main([url, subject, rate, max]: readonly string[]): Promise<void> {
  using client = await BareNatsClient.open(url);
  const perSecond = Number(rate);
  const startedAt = performance.now();
  let published = 0;
  process.stdout.write("{}\n");
  while (published < Number(max)) {
    const due = perSecond === 0 ? published + BURST : (performance.now() - startedAt) / 1000 * perSecond;
    for (const until = Math.min(due, Number(max)); published < until; published++) client.publish(subject, DATA);
    if (perSecond === 0) await client.flush();
    else await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await client.flush();
  process.stdout.write(`${JSON.stringify({ published })}\n`);
}

await main(process.argv.slice(2));
process.exit(0);
