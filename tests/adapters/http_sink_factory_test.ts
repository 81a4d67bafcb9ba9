import { describe, expect, it } from "bun:test";

import { RefusedError } from "../../node/errors.ts";
import { parseSubscription } from "../../node/subscriptions/subscription.ts";
import { HttpSinkFactory, parseSinkPolicy } from "../../adapters/sink/http/mod.ts";
import { aDelivery, loopbackPolicy, SinkServer, status } from "./http_sink_support.ts";

const aSubscription = (sink: string, protocolsettings: Record<string, unknown> = {}) =>
  parseSubscription({ protocol: "HTTP", sink, protocolsettings, sinkcredential }, "billing");
const sinkcredential = { credentialtype: "ACCESSTOKEN", accesstoken: "token" };
const factory = new HttpSinkFactory({ policy: loopbackPolicy, origin: "paris.example" });

/** The code with which `prepare()` refuses, or `prepared`. */
async function codeOf(preparing: Promise<void>): Promise<string> {
  try {
    await preparing;
    return "prepared";
  } catch (error) {
    if (error instanceof RefusedError) return error.code;
    throw error;
  }
}

describe("HttpSinkFactory.prepare()", () => {
  it("does not ask a sink on loopback unless told to", async () => {
    await using server = await SinkServer.start();
    expect(await codeOf(factory.prepare(aSubscription(server.url)))).toBe("prepared");
    expect(server.requests).toHaveLength(0);
    expect(await codeOf(factory.prepare(aSubscription(server.url, { validate: true })))).toBe("SINK_NOT_VALIDATED");
    expect(server.requests[0].method).toBe("OPTIONS");
  });

  it("takes a sink that consents, and shows it the credential", async () => {
    await using server = await SinkServer.start(status(200, { "WebHook-Allowed-Origin": "*" }));
    expect(await codeOf(factory.prepare(aSubscription(server.url, { validate: true })))).toBe("prepared");
    expect(server.requests[0].headers.get("authorization")).toBe("Bearer token");
  });

  it("refuses a sink that the policy forbids", async () => {
    expect(await codeOf(factory.prepare(aSubscription("http://10.0.0.1/")))).toBe("SINK_FORBIDDEN");
    expect(await codeOf(factory.prepare(aSubscription("http://10.0.0.1/", { validate: false })))).toBe(
      "SINK_FORBIDDEN",
    );
    expect(await codeOf(factory.prepare(aSubscription("nonsense")))).toBe("SINK_FORBIDDEN");
  });

  it("takes a name that does not resolve yet only if nobody is to ask it now", async () => {
    const policy = parseSinkPolicy({ allowLoopback: true, lookup: async () => [] });
    const unresolving = new HttpSinkFactory({ policy, origin: "paris.example" });
    expect(await codeOf(unresolving.prepare(aSubscription("http://later.example/")))).toBe("SINK_UNRESOLVED");
    expect(await codeOf(unresolving.prepare(aSubscription("http://later.example/", { validate: false })))).toBe(
      "prepared",
    );
  });

  it("refuses headers that the node sets itself or HTTP does not allow", async () => {
    for (const header of ["ce-id", "Content-Type", "Webhook-Id", "host", "bad name"]) {
      const subscription = aSubscription("http://127.0.0.1:1/", { headers: { [header]: "x" } });
      expect(await codeOf(factory.prepare(subscription))).toBe("INVALID_SUBSCRIPTION");
    }
    const split = aSubscription("http://127.0.0.1:1/", { headers: { "x-a": "1\r\nx-b: 2" } });
    expect(await codeOf(factory.prepare(split))).toBe("INVALID_SUBSCRIPTION");
  });

  it("refuses a secret that holds no key", async () => {
    const subscription = aSubscription("http://127.0.0.1:1/", { secret: "whsec_" });
    expect(await codeOf(factory.prepare(subscription))).toBe("INVALID_SUBSCRIPTION");
  });

  it("has nothing to say of a subscription without a sink", async () => {
    expect(await codeOf(factory.prepare(parseSubscription({ protocol: "PULL" }, "billing")))).toBe("prepared");
  });
});

describe("HttpSinkFactory.open()", () => {
  it("makes a sink that delivers as the subscription says", async () => {
    await using server = await SinkServer.start();
    const sink = factory.open(aSubscription(server.url, { secret: "x", validate: true, headers: { "x-team": "a" } }));
    const outcome = await sink.deliver([aDelivery()], { signal: new AbortController().signal });
    expect(outcome).toEqual({ type: "acknowledged", status: 204 });
    const { headers } = server.requests[0];
    expect(headers.get("content-type")).toBe("application/cloudevents+json");
    expect(headers.get("webhook-id")).toBe("msg_1_1_billing");
    expect(headers.get("webhook-request-origin")).toBe("paris.example");
    expect(headers.get("x-team")).toBe("a");
  });
});
