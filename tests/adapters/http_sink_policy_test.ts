import { describe, expect, it } from "bun:test";

import {
  assertSinkAllowed,
  isLoopbackSink,
  parseSinkPolicy,
  SinkForbiddenError,
  type SinkPolicyOptions,
  SinkUnresolvedError,
} from "../../adapters/sink/http/mod.ts";

/** `allowed`, or the kind of refusal. */
async function verdict(url: string, options: Partial<SinkPolicyOptions> = {}): Promise<string> {
  const policy = parseSinkPolicy({ allowLoopback: false, lookup: async () => ["93.184.216.34"], ...options });
  try {
    await assertSinkAllowed(url, policy);
    return "allowed";
  } catch (error) {
    if (error instanceof SinkForbiddenError) return "forbidden";
    if (error instanceof SinkUnresolvedError) return "unresolved";
    throw error;
  }
}

async function verdicts(urls: readonly string[], options: Partial<SinkPolicyOptions> = {}) {
  const entries = urls.map(async (url) => [url, await verdict(url, options)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const all = (urls: readonly string[], word: string) => Object.fromEntries(urls.map((url) => [url, word]));

const inside = [
  "http://127.0.0.1/",
  "http://127.1/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0177.0.0.1/",
  "http://localhost:80/",
  "http://a.localhost./",
  "http://0.0.0.0/",
  "http://10.1.2.3/",
  "http://172.31.255.255/",
  "http://192.168.0.1/",
  "http://100.64.0.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://169.254.1.1/",
  "http://168.63.129.16/",
  "http://198.18.0.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://[::]/",
  "http://[::1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[::10.0.0.1]/",
  "http://[64:ff9b::10.0.0.1]/",
  "http://[2002:a00:1::]/",
  "http://[fd00::1]/",
  "http://[fe80::1]/",
  "http://[fd00:ec2::254]/",
  "http://[ff02::1]/",
  "http://[2001:db8::1]/",
];

describe("assertSinkAllowed()", () => {
  it("forbids every place that is not public, however it is written", async () => {
    expect(await verdicts(inside)).toEqual(all(inside, "forbidden"));
  });

  it("allows public places", async () => {
    const outside = [
      "https://93.184.216.34/",
      "http://172.32.0.1/",
      "http://100.128.0.1/",
      "https://[2606:2800:220:1::1]/",
      "http://[::ffff:93.184.216.34]/",
      "https://example.com/hook",
    ];
    expect(await verdicts(outside)).toEqual(all(outside, "allowed"));
  });

  it("forbids a name of which any address is forbidden", async () => {
    const lookup = async () => ["93.184.216.34", "10.0.0.1"];
    expect(await verdict("http://rebind.example/", { lookup })).toBe("forbidden");
    expect(await verdict("http://rebind.example/", { lookup: async () => ["fe80::1%eth0"] })).toBe("forbidden");
  });

  it("allows loopback while the node is on loopback, and nothing else for that", async () => {
    const options = { allowLoopback: true };
    expect(await verdicts(["http://127.0.0.1/", "http://[::1]/", "http://localhost/"], options)).toEqual(
      all(["http://127.0.0.1/", "http://[::1]/", "http://localhost/"], "allowed"),
    );
    expect(await verdict("http://10.0.0.1/", options)).toBe("forbidden");
  });

  it("allows what the operator lists: blocks, addresses, names, domains", async () => {
    const lookup = async () => ["10.0.0.1"];
    const allow = ["10.1.0.0/16", "fd00::/8", "192.168.0.1", "Billing.internal", "*.shop.internal"];
    const listed = [
      "http://10.1.255.1/",
      "http://[::ffff:10.1.0.1]/",
      "http://[fd12::1]/",
      "http://192.168.0.1/",
      "http://billing.internal/",
      "http://a.b.shop.internal/",
    ];
    expect(await verdicts(listed, { lookup, allow })).toEqual(all(listed, "allowed"));
    const others = ["http://10.2.0.1/", "http://192.168.0.2/", "http://shop.internal/", "http://xbilling.internal/"];
    expect(await verdicts(others, { lookup, allow })).toEqual(all(others, "forbidden"));
    expect(await verdict("http://billing.example/", { lookup, allow: ["10.0.0.0/24"] })).toBe("allowed");
  });

  it("says how to allow what it forbids", async () => {
    const policy = parseSinkPolicy({ allowLoopback: false });
    await expect(assertSinkAllowed("http://10.0.0.5/hook", policy)).rejects.toThrow('sinks.allow: ["10.0.0.5"]');
  });

  it("takes http and https only, absolute and without credentials", async () => {
    const urls = ["ftp://example.com/", "file:///etc/passwd", "/hook", "example.com", "http://a:b@example.com/"];
    expect(await verdicts(urls)).toEqual(all(urls, "forbidden"));
    const policy = parseSinkPolicy({ allowLoopback: false });
    const error = await assertSinkAllowed("http://a:hunter2@example.com/", policy).catch((thrown) => thrown);
    expect(error.message).not.toContain("hunter2");
  });

  it("tells a name without an address from a forbidden one", async () => {
    const lookup = () => Promise.reject(new Error("ENOTFOUND"));
    expect(await verdict("http://nowhere.example/", { lookup })).toBe("unresolved");
    expect(await verdict("http://nowhere.example/", { lookup: async () => [] })).toBe("unresolved");
  });
});

describe("parseSinkPolicy()", () => {
  it("refuses entries that mean nothing", () => {
    for (const entry of ["10.0.0.0/33", "10.0.0.0/8/8", "http://x/", "*", "", "a b"]) {
      expect(() => parseSinkPolicy({ allowLoopback: false, allow: [entry] })).toThrow(RangeError);
    }
  });
});

describe("isLoopbackSink()", () => {
  it("knows loopback by name and by address", () => {
    const urls = ["http://localhost:1/", "http://127.9.9.9/", "http://[::1]/", "http://[::ffff:127.0.0.1]/"];
    expect(urls.map(isLoopbackSink)).toEqual([true, true, true, true]);
    expect(["http://10.0.0.1/", "http://localhost.example/"].map(isLoopbackSink)).toEqual([false, false]);
  });
});
