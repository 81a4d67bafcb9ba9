import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "bun:test";

import { decodeFrame, decodeHello, encodeHello } from "../../federation/link/codec/mod.ts";
import * as first from "./fixtures/first_codec/mod.ts";
import { aFrame, writeFrame } from "./frame_support.ts";

/** What the first codec wrote, frozen. */
const v1 = JSON.parse(readFileSync(fileURLToPath(new URL("./fixtures/link_v1.json", import.meta.url)), "utf8"));

/** `fixtures/first_codec` is the codec of the first release, never changed: nodes that have it are neighbours of ours. */
describe("the first codec", () => {
  for (const { name, bytes } of v1.frames) {
    it(`reads a frame as this one does: ${name}`, () => {
      const frame = new Uint8Array(Buffer.from(bytes, "hex"));
      expect(first.decodeFrame(frame.slice())).toEqual(decodeFrame(frame.slice()));
    });
  }

  it("reads the frames that this one writes", () => {
    const { bytes, chain } = writeFrame(aFrame());
    expect(first.decodeFrame(bytes.slice())).toEqual({ frame: aFrame(), chain });
  });

  it("writes a HELLO that this one reads, and reads this one's", () => {
    const { hello, beat } = v1.hello;
    expect(decodeHello(first.encodeHello(hello, beat).full)).toMatchObject({ type: "full", hello });
    expect(first.decodeHello(encodeHello(hello, beat).full)).toMatchObject({ type: "full", hello });
  });
});
