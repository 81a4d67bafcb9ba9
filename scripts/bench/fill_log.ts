/** Fills a node's log without the node, which takes seconds where publishing takes minutes. */

import { openSqliteStore } from "../../adapters/store/sqlite.ts";
import { createEvent } from "../../node/mod.ts";

const BATCH = 500;
const encoder = new TextEncoder();
const DATA = encoder.encode(JSON.stringify({ amount: 12, currency: "EUR", note: "x".repeat(61) }));

/** Appends events of the topic `order.placed` to the log in a data directory that no node uses now. */
export async function fillLog(dataDir: string, events: number): Promise<void> {
  await using store = await openSqliteStore({ dataDir, cluster: "bench" });
  for (let at = 0; at < events; at += BATCH) {
    const count = Math.min(BATCH, events - at);
    await store.commit(Array.from({ length: count }, (_, i) => toEntry(at + i)));
  }
}

function toEntry(n: number) {
  const event = createEvent({
    attributes: {
      id: `filled-${n}`,
      source: "/shops/alice",
      type: "order.placed",
      datacontenttype: "application/json",
    },
    data: DATA,
    dataForm: "binary",
  });
  return { event, topic: "order.placed", ttlMs: 0 };
}
