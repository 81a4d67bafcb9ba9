import { describe, expect, it } from "bun:test";
import { existsSync } from "node:fs";

import * as codec from "../../../federation/link/codec/mod.ts";
import * as firstCodec from "../../federation/fixtures/first_codec/mod.ts";
import { ASKED_OF_FIRST_CODEC, openReleases } from "./releases.ts";

describe("openReleases()", () => {
  it("fits the source that it changes, and takes its programs away again", () => {
    const releases = openReleases();
    const { previous, current, next } = releases;
    expect([previous, current, next].map((path) => existsSync(path))).toEqual([true, true, true]);
    releases[Symbol.dispose]();
    expect([previous, current, next].map((path) => existsSync(path))).toEqual([false, true, false]);
  });

  it("gives the codec of the previous release every name that programs ask for", () => {
    const had = { ...firstCodec, ...ASKED_OF_FIRST_CODEC };
    expect(Object.keys(codec).filter((name) => !(name in had))).toEqual([]);
  });
});
