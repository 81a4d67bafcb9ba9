/** What the clients in other languages publish, as the node must show it. */

import { eventually } from "../../support/eventually.ts";
import type { NodeProcess } from "../../support/node_process.ts";

/** The event with JSON data, by its id; `time` and `source` as the client writes them. */
export function expectedOrder(id: string, source: string): Record<string, unknown> {
  return {
    specversion: "1.0",
    id,
    source,
    type: "order.placed",
    subject: "eu 1/ä",
    datacontenttype: "application/json",
    comexampleother: "x y",
    data: { amount: 5, note: "Grüße" },
  };
}

/** 0, 1 … 255. */
export const EVERY_BYTE = btoa(String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)));

/** Events of the log by their ids, each with its `time` as ms since 1970. */
export async function readLog(node: NodeProcess, count: number): Promise<Record<string, Record<string, unknown>>> {
  const { body } = await eventually(async () => {
    const answer = await node.call("GET", "/v1/events");
    return answer.body.events.length >= count && answer;
  });
  return Object.fromEntries(
    body.events.map(({ event }: { event: Record<string, string> }) => [
      event.id,
      { ...event, time: Date.parse(event.time) },
    ]),
  );
}

export const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
