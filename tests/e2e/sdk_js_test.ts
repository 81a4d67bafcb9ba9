/** The CloudEvents SDK for JavaScript publishes to a node, and reads what a node pushes. */

import { CloudEvent, HTTP, type Message } from "cloudevents";
import { describe, expect, it } from "bun:test";

import { SinkServer } from "../adapters/http_sink_support.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { EVERY_BYTE, expectedOrder, readLog, TIME } from "./clients/expected_events.ts";

function order(id: string, more: Record<string, unknown> = {}): CloudEvent<unknown> {
  return new CloudEvent({
    id,
    source: "/shops/js",
    type: "order.placed",
    subject: "eu 1/ä",
    time: "2026-01-02T03:04:05.678Z",
    datacontenttype: "application/json",
    comexampleother: "x y",
    data: { amount: 5, note: "Grüße" },
    ...more,
  });
}

async function send(node: NodeProcess, { headers, body }: Message): Promise<number> {
  const answer = await node.call("POST", "/v1/events", body, headers as Record<string, string>);
  return answer.status;
}

describe("the CloudEvents SDK for JavaScript", () => {
  it("publishes in both modes, and its attributes and data arrive unchanged", async () => {
    await using node = await NodeProcess.start();
    // The SDK does not percent-encode headers, and HTTP carries no "ä" in them.
    expect(await send(node, HTTP.binary(order("binary", { subject: "eu 1" })))).toBe(202);
    expect(await send(node, HTTP.structured(order("structured")))).toBe(202);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const raw = order("bytes", { datacontenttype: "application/octet-stream", data: bytes });
    expect(await send(node, HTTP.structured(raw))).toBe(202);
    const log = await readLog(node, 3);
    expect(log.binary).toEqual({ ...expectedOrder("binary", "/shops/js"), subject: "eu 1", time: TIME });
    expect(log.structured).toEqual({ ...expectedOrder("structured", "/shops/js"), time: TIME });
    expect(log.bytes).toMatchObject({ datacontenttype: "application/octet-stream", data_base64: EVERY_BYTE });
  });

  it("reads what is pushed in binary and in structured mode", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    // The SDK decodes no percent-encoding either.
    for (const mode of ["binary", "structured"]) {
      const subscription = { protocol: "HTTP", sink: sink.url, protocolsettings: { mode, headerEncoding: "raw" } };
      await node.call("PUT", `/v1/subscriptions/${mode}`, subscription);
    }
    await send(node, HTTP.structured(order("1", { subject: "eu 1" })));
    await eventually(() => sink.requests.length >= 2, { timeoutMs: 20_000 });
    for (const { headers, body } of sink.requests) {
      const message = { headers: Object.fromEntries(headers), body: new TextDecoder().decode(body) };
      const event = HTTP.toEvent(message) as CloudEvent<unknown>;
      expect(event.toJSON()).toMatchObject({ ...expectedOrder("1", "/shops/js"), subject: "eu 1" });
      expect(Date.parse(event.time!)).toBe(TIME);
    }
  });
});
