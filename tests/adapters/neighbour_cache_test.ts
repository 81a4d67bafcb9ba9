import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "bun:test";

import { NeighbourCache } from "../../adapters/federation/neighbour_cache.ts";
import { tempDir } from "../support/temp_dir.ts";

function failOn(error: unknown): never {
  throw error;
}

describe("NeighbourCache", () => {
  it("urls: what was added is there after a restart, the last one first, each once", () => {
    using dir = tempDir();
    const cache = new NeighbourCache(dir.path, failOn);
    for (const url of ["nats://alice:7701", "nats://bob:7701", "nats://alice:7701"]) cache.add(url);
    expect(new NeighbourCache(dir.path, failOn).urls).toEqual(["nats://alice:7701", "nats://bob:7701"]);
  });

  it("add() tells of a file that cannot be written, and does not keep a link from coming up by it", () => {
    using dir = tempDir();
    const file = join(dir.path, "file");
    writeFileSync(file, "");
    const errors: unknown[] = [];
    const cache = new NeighbourCache(join(file, "data"), (error) => errors.push(error));
    cache.add("nats://alice:7701");
    expect(errors).toHaveLength(1);
    expect(cache.urls).toEqual(["nats://alice:7701"]);
  });

  it("urls: a damaged file is an empty cache", () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, "peers.json"), "{");
    expect(new NeighbourCache(dir.path, failOn).urls).toEqual([]);
  });
});
