import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "bun:test";

import {
  chainToHex,
  decodeFrame,
  decodeHello,
  decodeMeet,
  encodeHello,
  encodeMeet,
  type Frame,
} from "../../federation/link/codec/mod.ts";
import { writeFrame } from "./frame_support.ts";

/**
 * What the first release wrote. A later one reads it for as long as a node of the version before may be its neighbour;
 * this file is never regenerated, a new version gets one of its own.
 */
const v1 = JSON.parse(readFileSync(fileURLToPath(new URL("./fixtures/link_v1.json", import.meta.url)), "utf8"));

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function frameOf(json: { groups: { events: { record: string }[] }[] }): Frame {
  const groups = json.groups.map((group) => ({
    ...group,
    events: group.events.map((event) => ({ ...event, record: bytesOf(event.record) })),
  }));
  return { ...json, groups } as unknown as Frame;
}

describe("link protocol, version 1", () => {
  for (const { name, bytes, chain, frame } of v1.frames) {
    it(`decodeFrame() reads a frame of it: ${name}`, () => {
      const decoded = decodeFrame(bytesOf(bytes));
      if ("problem" in decoded) throw new Error(`${decoded.problem}: ${decoded.detail}`);
      expect(decoded.frame).toEqual(frameOf(frame));
      expect(chainToHex(decoded.chain)).toBe(chain);
    });

    it(`FrameWriter writes what its readers were proved on: ${name}`, () => {
      const written = writeFrame(frameOf(frame));
      expect(Buffer.from(written.bytes).toString("hex")).toBe(bytes);
      expect(chainToHex(written.chain)).toBe(chain);
    });
  }

  it("decodeHello() reads both forms of it, and encodeHello() writes them", () => {
    const { full, digest, hello, beat } = v1.hello;
    const encoded = encodeHello(hello, beat);
    expect(decodeHello(bytesOf(full))).toEqual({ type: "full", hello, beat: { ...beat, fullHash: encoded.hash } });
    expect(decodeHello(bytesOf(digest))).toEqual({ type: "digest", beat: { ...beat, fullHash: encoded.hash } });
    expect(Buffer.from(encoded.full).toString("hex")).toBe(full);
    expect(Buffer.from(encoded.digest).toString("hex")).toBe(digest);
  });

  it("decodeMeet() reads it, and encodeMeet() writes it", () => {
    const { bytes, meet } = v1.meet;
    expect(decodeMeet(bytesOf(bytes))).toEqual({ meet });
    expect(Buffer.from(encodeMeet(meet)).toString("hex")).toBe(bytes);
  });
});
