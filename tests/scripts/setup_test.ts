import { describe, expect, it } from "bun:test";

import { findChain, type ProcessEntry } from "../../scripts/launcher.ts";
import { isInstalled } from "../../scripts/setup.ts";

describe("isInstalled()", () => {
  const lock = {
    packages: {
      "": { version: "0.1.0" },
      "node_modules/valibot": { version: "1.5.0" },
      "node_modules/@oven/bun-darwin-x64": { version: "1.4.5", optional: true },
    },
  };

  it("forgives optional packages that are for other platforms", () => {
    expect(isInstalled(lock, { packages: { "node_modules/valibot": { version: "1.5.0" } } })).toBe(true);
  });

  it("sees a package that is missing", () => {
    expect(isInstalled(lock, { packages: {} })).toBe(false);
  });

  it("sees a package of another version", () => {
    expect(isInstalled(lock, { packages: { "node_modules/valibot": { version: "1.4.0" } } })).toBe(false);
  });
});

describe("findChain()", () => {
  const processes: Record<number, ProcessEntry> = {
    10: { parent: 9, command: "/usr/bin/bash" },
    20: { parent: 10, command: "npm exec bun run node" },
    21: { parent: 20, command: "sh -c 'bun' run node" },
    22: { parent: 21, command: "/project/node_modules/.bin/bun run node" },
    30: { parent: 10, command: "/usr/bin/deno run -A main.ts" },
  };

  it("reaches from the parent up to the outermost launcher", () => {
    expect(findChain(22, (pid) => processes[pid])).toEqual([22, 21, 20]);
  });

  it("is empty when a person's shell started the program", () => {
    expect(findChain(10, (pid) => processes[pid])).toEqual([]);
  });

  it("does not take `deno run` of a file for a launcher", () => {
    expect(findChain(30, (pid) => processes[pid])).toEqual([]);
  });
});
