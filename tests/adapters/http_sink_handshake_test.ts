import { describe, expect, it } from "bun:test";

import type { HandshakeRequest } from "../../adapters/sink/http/mod.ts";
import { parseSinkPolicy, performHandshake, SinkForbiddenError } from "../../adapters/sink/http/mod.ts";
import { loopbackPolicy, SinkServer, status } from "./http_sink_support.ts";

const ask = (url: string, overrides: Partial<HandshakeRequest> = {}) =>
  performHandshake({ url, origin: "paris.example", timeoutMs: 5000, policy: loopbackPolicy, ...overrides });

describe("performHandshake()", () => {
  it("asks with OPTIONS, its name, the rate it wants and the headers it is given", async () => {
    await using server = await SinkServer.start();
    await ask(server.url, { requestRate: 120, headers: { authorization: "Bearer x" } });
    const [{ method, headers }] = server.requests;
    expect(method).toBe("OPTIONS");
    expect(headers.get("webhook-request-origin")).toBe("paris.example");
    expect(headers.get("webhook-request-rate")).toBe("120");
    expect(headers.get("authorization")).toBe("Bearer x");
  });

  it("takes our name or * for consent, whatever the status", async () => {
    await using server = await SinkServer.start();
    for (const [code, origin] of [[200, "*"], [204, "Paris.Example"], [405, "*"], [500, "paris.example"]] as const) {
      server.answerWith(status(code, { "WebHook-Allowed-Origin": origin }));
      expect(await ask(server.url)).toEqual({ type: "consented", allowedRate: undefined });
    }
  });

  it("takes nothing else for consent", async () => {
    await using server = await SinkServer.start(status(200, { allow: "POST, OPTIONS" }));
    expect(await ask(server.url)).toMatchObject({ type: "refused" });
    server.answerWith(status(200, { "WebHook-Allowed-Origin": "oslo.example" }));
    const result = await ask(server.url);
    expect(result.type === "refused" && result.reason).toContain('"oslo.example"');
  });

  it("reads the rate that is allowed", async () => {
    await using server = await SinkServer.start();
    const rateOf = async (rate: string) => {
      server.answerWith(status(200, { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": rate }));
      const result = await ask(server.url);
      return result.type === "consented" ? result.allowedRate : result.type;
    };
    expect([await rateOf("100"), await rateOf("*"), await rateOf("many")]).toEqual([100, undefined, undefined]);
  });

  it("does not follow a redirect to somebody who consents", async () => {
    await using other = await SinkServer.start(status(200, { "WebHook-Allowed-Origin": "*" }));
    await using server = await SinkServer.start(status(307, { location: other.url }));
    expect((await ask(server.url)).type).toBe("refused");
    expect(other.requests).toHaveLength(0);
  });

  it("takes silence for a refusal", async () => {
    await using server = await SinkServer.start(() => {});
    const result = await ask(server.url, { timeoutMs: 50 });
    expect(result.type === "refused" && result.reason).toContain("no answer within 50 ms");
  });

  it("asks nobody whom the policy forbids", async () => {
    await using server = await SinkServer.start();
    const policy = parseSinkPolicy({ allowLoopback: false });
    await expect(ask(server.url, { policy })).rejects.toThrow(SinkForbiddenError);
    expect(server.requests).toHaveLength(0);
  });
});
