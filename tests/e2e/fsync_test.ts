import { describe, expect, it } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { NodeProcess } from "../support/node_process.ts";
import { payloadOf } from "../support/store_program.ts";
import { StoreProcess } from "../support/store_process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { type EarlyAck, findEarlyAcks, straceCommand } from "./strace_acks.ts";

const COMMITS = 40;

const absence = straceAbsence();

/** Runs a store under strace and sends it commits, some of them together; answers the acknowledgements that came early. */
async function earlyAcks(synchronous: "full" | "off"): Promise<EarlyAck[]> {
  using dir = tempDir();
  const trace = join(dir.path, "trace");
  await using program = await StoreProcess.start({ dataDir: dir.path, synchronous, under: straceCommand(trace) });
  for (let commit = 1; commit <= COMMITS; commit++) {
    program.send({ commit, ids: [`${commit}.0`, `${commit}.1`], changes: [] });
    if (commit % 3 === 0) await program.until((lines) => lines.length > commit);
  }
  await program.until((lines) => lines.length > COMMITS);
  await program.stop();
  const marks = Array.from({ length: 2 * COMMITS }, (_, i) => {
    const commit = Math.floor(i / 2) + 1;
    return { written: payloadOf(`${commit}.${i % 2}`), acknowledged: `"durable","commit":${commit},` };
  });
  return findEarlyAcks(readFileSync(trace, "latin1"), marks);
}

describe.skipIf(absence !== undefined)(`SqliteStore under strace${absence ?? ""}`, () => {
  it("acknowledges no commit before the sync that follows its write has returned", async () => {
    expect(await earlyAcks("full")).toEqual([]);
  }, 60_000);

  it("is caught when it does not sync: the check above can fail", async () => {
    const early = await earlyAcks("off");
    expect(early.length).toBeGreaterThan(COMMITS);
    expect(early.map(({ reason }) => reason)).toContain("not synced before");
  }, 60_000);
});

describe.skipIf(absence !== undefined)(`POST /v1/events under strace${absence ?? ""}`, () => {
  it("answers no publisher before the sync that follows the write of the event has returned", async () => {
    using dir = tempDir();
    const trace = join(dir.path, "trace");
    const published: { id: string; position: number }[] = [];
    {
      await using node = await NodeProcess.start({ under: straceCommand(trace) });
      for (let round = 0; round < COMMITS / 4; round++) {
        await Promise.all([0, 1, 2, 3].map(async (n) => {
          const id = `${round}.${n}`;
          const { body } = await node.publish({ id, data: payloadOf(id) });
          published.push({ id, position: body.position });
        }));
      }
      expect((await node.stop()).code).toBe(0);
    }
    const marks = published.map(({ id, position }) => ({
      written: `"${payloadOf(id)}"`,
      acknowledged: `"position":${position}}`,
    }));
    expect(marks).toHaveLength(COMMITS);
    expect(findEarlyAcks(readFileSync(trace, "latin1"), marks)).toEqual([]);
  }, 120_000);
});

/** Why strace cannot be used here, if so. */
function straceAbsence(): string | undefined {
  const probe = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]);
  if (probe.error !== undefined) return " (strace is not installed)";
  return probe.status === 0 ? undefined : " (strace may not trace here)";
}
