import { describe, expect, it } from "bun:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";

import { decodeHello, decodeMeet, encodeHello, encodeMeet, type Hello } from "../../federation/link/codec/mod.ts";
import { aBeat, aHello, anIdentity } from "./hello_support.ts";

/** A full hello of any JSON, as a peer that lies would send it. */
function fullOf(json: unknown): Uint8Array {
  const text = new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));
  const bytes = new Uint8Array(20 + text.length);
  bytes.set([0x48, 1]);
  new DataView(bytes.buffer).setUint32(2, crc32(text), true);
  bytes.set(text, 20);
  return bytes;
}

function meetOf(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}

function problem(bytes: Uint8Array): string | undefined {
  const decoded = decodeHello(bytes);
  return decoded.type === "problem" ? decoded.problem : undefined;
}

describe("encodeHello(), decodeHello()", () => {
  it("give back the hello and its beat", () => {
    const crossed = { linkEpoch: 4, sequence: 7, chain: "0000000000000000" };
    const hello = aHello({
      reason: { code: "QUARANTINED", detail: "another goes first" },
      received: { ...aHello().received, "best-effort": crossed },
    });
    const { full, hash } = encodeHello(hello, aBeat());
    expect(decodeHello(full)).toEqual({ type: "full", hello, beat: { ...aBeat(), fullHash: hash } });
  });

  it("give back every beat by the digest, in at most 30 bytes", () => {
    const number = fc.nat(0xffffffff);
    const beats = fc.record({ number, echo: number, sentAtMs: number, echoDelayMs: fc.nat(0xffff) });
    fc.assert(fc.property(beats, (beat) => {
      const { digest, hash } = encodeHello(aHello(), beat);
      expect(digest.length).toBeLessThanOrEqual(30);
      expect(decodeHello(digest)).toEqual({ type: "digest", beat: { ...beat, fullHash: hash } });
    }));
  });

  it("have one hash for equal hellos, whatever else the caller's object holds and in which order", () => {
    const { root, ...rest } = aHello();
    const same = { ...rest, url: "nats://10.0.0.1:7701", root } as Hello;
    expect(encodeHello(same, aBeat({ number: 9 })).hash).toBe(encodeHello(aHello(), aBeat()).hash);
    expect(encodeHello(aHello({ linkEpoch: 6 }), aBeat()).hash).not.toBe(encodeHello(aHello(), aBeat()).hash);
  });

  it("say the same hello again with another beat", () => {
    const hello = aHello();
    encodeHello(hello, aBeat());
    const { full, hash } = encodeHello(hello, aBeat({ number: 8, echo: 0xfffffffe }));
    expect(decodeHello(full)).toEqual({
      type: "full",
      hello,
      beat: { ...aBeat({ number: 8, echo: 0xfffffffe }), fullHash: hash },
    });
  });

  it("tell a delay that does not fit as the longest that does", () => {
    const decoded = decodeHello(encodeHello(aHello(), aBeat({ echoDelayMs: 99_999.5 })).digest);
    expect(decoded).toMatchObject({ beat: { echoDelayMs: 65_535 } });
  });
});

describe("decodeHello()", () => {
  it("lets members pass that it does not know, and leaves them out", () => {
    const later = { ...aHello(), dialect: "later", received: { ...aHello().received, express: 1 } };
    expect(decodeHello(fullOf(later))).toMatchObject({ type: "full" });
    expect((decodeHello(fullOf(later)) as { hello: Hello }).hello).toEqual(aHello());
  });

  it("reads a digest to which a later minor version adds", () => {
    const { digest } = encodeHello(aHello(), aBeat());
    expect(decodeHello(Uint8Array.from([...digest, 1, 2, 3]))).toEqual(decodeHello(digest));
  });

  it("tells another version from what is no hello", () => {
    const { full, digest } = encodeHello(aHello(), aBeat());
    for (const bytes of [full, digest]) {
      const later = bytes.slice();
      later[1] = 2;
      expect(problem(later)).toBe("VERSION_INCOMPATIBLE");
    }
    for (const bytes of [new Uint8Array(0), full.subarray(0, 19), full.subarray(0, 40), new Uint8Array(40)]) {
      expect(problem(bytes)).toBe("HELLO_UNREADABLE");
    }
  });

  const lies: readonly (readonly [member: string, value: unknown])[] = [
    ["federation", "Acme"],
    ["cluster", "a.b"],
    ["node", ""],
    ["epoch", -1],
    ["epoch", 1.5],
    ["epoch", 2 ** 53],
    ["instance", "a b"],
    ["instance", "x".repeat(65)],
    ["versions.1", [1]],
    ["versions", [2, 1]],
    ["versions", [0, 1]],
    ["fence", "1"],
    ["ackAfterSync", 1],
    ["linkEpoch", null],
    ["received", undefined],
    ["received.normal.chain", { normal: { linkEpoch: 1, sequence: 1, chain: "12" } }],
    ["received.bulk.sequence", { bulk: { linkEpoch: 1, chain: "00ff00ff00ff00ff" } }],
    ["root", "0123456789ABCDEF"],
    ["loopLagMs", -1],
    ["congested", "charlie"],
    ["congested.1", ["charlie", "x y"]],
    ["congested", Array.from({ length: 4097 }, () => "charlie")],
    ["congestedLanes.bulk", { bulk: "charlie" }],
    ["creditBytes.high", { high: -1 }],
    ["reason.code", { code: "x".repeat(65), detail: "" }],
  ];
  for (const [member, value] of lies) {
    it(`refuses ${member} ${JSON.stringify(value)?.slice(0, 60)}, and names it`, () => {
      const decoded = decodeHello(fullOf({ ...aHello(), [member.split(".")[0]]: value }));
      expect(decoded).toMatchObject({ type: "problem", problem: "HELLO_UNREADABLE" });
      expect((decoded as { detail: string }).detail).toContain(`"${member}"`);
    });
  }

  it("refuses what is no JSON object", () => {
    for (const json of ["", "{", "null", "[]", "1", "[".repeat(100_000), `"${"x".repeat(600_000)}"`]) {
      expect(problem(fullOf(json))).toBe("HELLO_UNREADABLE");
    }
  });

  it("never throws, whatever the bytes are", () => {
    const { full } = encodeHello(aHello(), aBeat());
    const mutation = fc.tuple(fc.nat(full.length - 21), fc.nat(255));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(mutation, { maxLength: 4 }), (noise, mutations) => {
        decodeHello(noise);
        const lie = full.slice(20);
        for (const [at, byte] of mutations) lie[at] = byte;
        decodeHello(fullOf(new TextDecoder().decode(lie)));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("encodeMeet(), decodeMeet()", () => {
  it("give back who it is, with and without an address", () => {
    for (const meet of [anIdentity(), anIdentity({ url: "nats://10.0.0.1:7701" })]) {
      expect(decodeMeet(encodeMeet(meet))).toEqual({ meet });
    }
  });

  it("let members pass that are not known", () => {
    expect(decodeMeet(meetOf({ ...anIdentity(), dialect: 1 }))).toEqual({ meet: anIdentity() });
  });

  it("refuse anything else without throwing", () => {
    for (const json of [null, [], {}, { ...anIdentity(), url: "no address" }, { ...anIdentity(), instance: "a.b" }]) {
      expect(decodeMeet(meetOf(json))).toMatchObject({ problem: "MEET_UNREADABLE" });
    }
    expect(decodeMeet(meetOf({ ...anIdentity(), padding: "x".repeat(5000) }))).toMatchObject({
      problem: "MEET_UNREADABLE",
    });
    fc.assert(fc.property(fc.uint8Array(), (noise) => {
      expect(decodeMeet(noise)).toMatchObject({ problem: "MEET_UNREADABLE" });
    }));
  });
});
