/** Which hosts and origins the door serves. */

import { describe, expect, it } from "bun:test";

import { createHostCheck, isLoopbackHost } from "../../adapters/door/http/guard/host_check.ts";
import { OriginPolicy, shareWith, toPreflightAnswer } from "../../adapters/door/http/guard/origin_policy.ts";

function asking(host: string): Request {
  return new Request("http://127.0.0.1:7700/v1", { headers: { host } });
}

function serves(check: (request: Request) => void, host: string): boolean {
  try {
    check(asking(host));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "HOST_NOT_ALLOWED" });
    return false;
  }
}

describe("createHostCheck()", () => {
  const check = createHostCheck({ boundHost: "127.0.0.1", allowedHosts: ["Weft.internal"] });

  it("serves loopback names, addresses and allowed names, with and without port", () => {
    const own = ["localhost", "LOCALHOST:7700", "paris.localhost:7700", "127.0.0.1:7700", "[::1]:7700", "10.0.0.7"];
    for (const host of [...own, "weft.internal:7700", "weft.internal.", "127.0.0.1:7700"]) {
      expect([host, serves(check, host)]).toEqual([host, true]);
    }
  });

  it("refuses every other name", () => {
    const foreign = [
      "evil.example",
      "evil.example:7700",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evillocalhost",
    ];
    for (const host of [...foreign, "", "weft.internal.evil.example"]) {
      expect([host, serves(check, host)]).toEqual([host, false]);
    }
  });

  it("goes on refusing a name that it refused before", () => {
    expect(serves(check, "evil.example")).toBe(false);
    expect(serves(check, "evil.example")).toBe(false);
  });

  it("looks at the URL where a request has no Host header", () => {
    check(new Request("https://localhost:7700/"));
    expect(() => check(new Request("https://evil.example/"))).toThrow("evil.example");
  });

  it("serves every name beyond loopback, unless allowed names are listed", () => {
    expect(serves(createHostCheck({ boundHost: "0.0.0.0", allowedHosts: [] }), "weft-1:7700")).toBe(true);
    expect(serves(createHostCheck({ boundHost: "0.0.0.0", allowedHosts: ["weft-2"] }), "weft-1:7700")).toBe(false);
  });
});

describe("isLoopbackHost()", () => {
  it("knows names and addresses of this machine alone", () => {
    for (const host of ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"]) expect(isLoopbackHost(host)).toBe(true);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "weft"]) {
      expect(isLoopbackHost(host)).toBe(false);
    }
  });
});

describe("OriginPolicy.judge()", () => {
  const policy = new OriginPolicy({ allowedOrigins: ["https://Shop.example/"] });

  function from(origin: string | undefined, more: Record<string, string> = {}, method = "POST"): Request {
    const headers = { host: "127.0.0.1:7700", ...(origin === undefined ? {} : { origin }), ...more };
    return new Request("http://127.0.0.1:7700/v1/topics/a", { method, headers });
  }

  it("passes requests that come from no page, and those of the node's own pages", () => {
    expect(policy.judge(from(undefined))).toEqual({ type: "pass" });
    expect(policy.judge(from("http://127.0.0.1:7700"))).toEqual({ type: "pass" });
  });

  it("refuses pages of other origins, whatever they try", () => {
    for (
      const origin of ["https://evil.example", "http://127.0.0.1:9999", "null", "https://shop.example.evil.example"]
    ) {
      expect(() => policy.judge(from(origin))).toThrow("cors.origins");
      expect(() => policy.judge(from(origin, { upgrade: "websocket" }, "GET"))).toThrow("cors.origins");
    }
  });

  it("shares with pages that the configuration names", () => {
    expect(policy.judge(from("https://shop.example"))).toEqual({ type: "share", origin: "https://shop.example" });
  });

  it("leaves the answer to a WebSocket handshake alone", () => {
    expect(policy.judge(from("https://shop.example", { upgrade: "websocket" }, "GET"))).toEqual({ type: "pass" });
  });

  it("tells a preflight from an ordinary OPTIONS request", () => {
    const asks = { "access-control-request-method": "POST" };
    expect(policy.judge(from("https://shop.example", asks, "OPTIONS")).type).toBe("preflight");
    expect(policy.judge(from("https://shop.example", {}, "OPTIONS")).type).toBe("share");
  });

  it("shares with everybody when told so", () => {
    const open = new OriginPolicy({ allowedOrigins: ["*"] });
    expect(open.judge(from("https://evil.example")).type).toBe("share");
  });
});

describe("toPreflightAnswer()", () => {
  it("allows what the browser asks for", () => {
    const request = new Request("http://127.0.0.1/", {
      method: "OPTIONS",
      headers: { "access-control-request-headers": "ce-id, content-type" },
    });
    const { status, headers } = toPreflightAnswer(request, "https://shop.example");
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(headers.get("access-control-allow-headers")).toBe("ce-id, content-type");
    expect(headers.get("access-control-allow-methods")).toContain("PUT");
  });
});

describe("shareWith()", () => {
  it("names the origin, and tells caches that the answer depends on it", () => {
    const { headers } = shareWith("https://shop.example", new Response("x", { headers: { vary: "Accept" } }));
    expect(headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(headers.get("vary")).toBe("Accept, Origin");
  });
});
