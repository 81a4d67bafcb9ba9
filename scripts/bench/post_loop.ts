/**
 * Posts the same event again and again, so many at a time: the fastest that a client of this runtime can push.
 *
 *     <runtime> scripts/bench/post_loop.ts <url> <in flight> <requests>
 */

import process from "node:process";

import { createEvent, encodeBinary } from "../../node/mod.ts";

const [url, inFlight, requests] = process.argv.slice(2);
const { headers, body } = encodeBinary(createEvent({
  attributes: { id: "filled-1", source: "/shops/alice", type: "order.placed", datacontenttype: "application/json" },
  data: new TextEncoder().encode(JSON.stringify({ amount: 12, currency: "EUR", note: "x".repeat(61) })),
}));

let left = Number(requests);
await Promise.all(Array.from({ length: Number(inFlight) }, async () => {
  while (left-- > 0) {
    const response = await fetch(url, { method: "POST", headers, body: body as Uint8Array<ArrayBuffer> });
    await response.arrayBuffer();
  }
}));
