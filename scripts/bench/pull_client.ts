/**
 * Pulls and acknowledges until it has seen so many events.
 *
 *     bun scripts/bench/pull_client.ts <URL of the subscription> <events>        prints a PullReport as JSON
 */

import process from "node:process";

export interface PullReport {
  readonly events: number;
  readonly elapsedMs: number;
}

const PULLERS = 4;
const MAX = 1000;

async function pullAll(url: string, wanted: number): Promise<PullReport> {
  let events = 0;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: PULLERS }, async () => {
    while (events < wanted) {
      const ids = ackIdsOf(await post(`${url}/pull`, `{"max":${MAX},"waitMs":200}`));
      if (ids.length === 0) continue;
      await post(`${url}/ack`, `{"ack":[${ids.join(",")}]}`);
      events += ids.length;
    }
  }));
  return { events, elapsedMs: performance.now() - startedAt };
}

async function post(url: string, body: string): Promise<string> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot post to "${url}": ${response.status} ${text}`);
  return text;
}

/** The ids as they stand in the answer, quotes included: parsing it would take the processor from the node. */
function ackIdsOf(text: string): string[] {
  const ids: string[] = [];
  const mark = '"ackId":';
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at)) {
    const start = at + mark.length;
    at = text.indexOf('"', start + 1) + 1;
    ids.push(text.slice(start, at));
  }
  return ids;
}

if (import.meta.main) {
  const report = await pullAll(process.argv[2], Number(process.argv[3]));
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit(0);
}
