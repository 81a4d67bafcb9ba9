import { describe, expect, it } from "bun:test";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

import { parseSecret, toWebhookId } from "../../adapters/sink/http/signature.ts";
import type { ReceivedRequest } from "./http_sink_support.ts";
import { aDelivery, aSink, push, SinkServer, status } from "./http_sink_support.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

function verify(webhook: Webhook, { headers, body }: ReceivedRequest): unknown {
  return webhook.verify(new TextDecoder().decode(body), Object.fromEntries(headers));
}

describe("HttpSink signatures", () => {
  it("are accepted by the reference implementation", async () => {
    await using server = await SinkServer.start();
    await push(server.url, { secret, mode: "structured" });
    expect(verify(new Webhook(secret), server.requests[0])).toMatchObject({ id: "event-1", type: "order.placed" });
  });

  it("take a secret that is plain text as its bytes", async () => {
    await using server = await SinkServer.start();
    await push(server.url, { secret: "correct horse", mode: "structured" });
    expect(verify(new Webhook("correct horse", { format: "raw" }), server.requests[0])).toMatchObject({
      id: "event-1",
    });
  });

  it("fail for another secret and for a changed body", async () => {
    await using server = await SinkServer.start();
    await push(server.url, { secret, mode: "structured" });
    const [request] = server.requests;
    const other = new Webhook("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    expect(() => verify(other, request)).toThrow(WebhookVerificationError);
    const changed = { ...request, body: new TextEncoder().encode("{}") };
    expect(() => verify(new Webhook(secret), changed)).toThrow(WebhookVerificationError);
  });

  it("cover the body of binary mode, also an empty one", async () => {
    await using server = await SinkServer.start();
    await push(server.url, { secret, mode: "binary" });
    const { headers } = server.requests[0];
    const timestamp = new Date(Number(headers.get("webhook-timestamp")) * 1000);
    expect(headers.get("webhook-signature")).toBe(new Webhook(secret).sign("msg_1_1_billing", timestamp, "hi"));
  });

  it("have an id that stays the same across attempts and is not the event's", async () => {
    await using server = await SinkServer.start(status(500));
    const sink = aSink(server.url, { secret, mode: "structured" });
    for (const attempt of [1, 2]) {
      await sink.deliver([aDelivery({ attempt })], { signal: new AbortController().signal });
    }
    expect(server.requests.map(({ headers }) => headers.get("webhook-id"))).toEqual([
      "msg_1_1_billing",
      "msg_1_1_billing",
    ]);
  });

  it("are left out without a secret", async () => {
    await using server = await SinkServer.start();
    await push(server.url);
    expect([...server.requests[0].headers.keys()].filter((name) => name.startsWith("webhook-"))).toEqual([]);
  });
});

describe("toWebhookId()", () => {
  it("gives a batch one id that depends on all of it, and never a full stop", () => {
    expect(toWebhookId(["msg_a", "msg_b"])).toBe(toWebhookId(["msg_a", "msg_b"]));
    expect(toWebhookId(["msg_a", "msg_b"])).not.toBe(toWebhookId(["msg_a", "msg_c"]));
    expect(toWebhookId(["a.b"])).toMatch(/^msg_[\w-]+$/);
  });
});

describe("parseSecret()", () => {
  it("refuses whsec_ without base64", () => {
    expect(() => parseSecret("whsec_")).toThrow(RangeError);
    expect(() => parseSecret("whsec_not base64!")).toThrow("not base64");
  });
});
