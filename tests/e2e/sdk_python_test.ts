/** Events of the CloudEvents SDK for Python arrive as its program made them. */

import { describe, expect, it } from "bun:test";
import { join } from "node:path";

import { NodeProcess } from "../support/node_process.ts";
import { BUILD_TIMEOUT_MS, buildClient, runOrThrow, toolchainAbsence } from "./clients/build_client.ts";
import { EVERY_BYTE, expectedOrder, readLog, TIME } from "./clients/expected_events.ts";

const absence = toolchainAbsence(["python3", "-m", "venv", "--help"]);

describe.skipIf(absence !== undefined)(`the CloudEvents SDK for Python${absence ?? ""}`, () => {
  it("publishes in every mode that it has, and its attributes and data arrive unchanged", async () => {
    const client = buildClient({
      language: "python",
      commands: [["python3", "-m", "venv", "."], [
        "bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "-r",
        "requirements.txt",
      ]],
    });
    await using node = await NodeProcess.start();
    const statuses = JSON.parse(runOrThrow(join(client, "bin", "python"), ["publish.py", node.url], client));
    expect(statuses).toEqual({ binary: 202, structured: 202, bytes: 202 });
    const log = await readLog(node, 3);
    for (const id of ["binary", "structured"]) {
      expect(log[id]).toEqual({ ...expectedOrder(id, "/shops/python"), time: TIME });
    }
    expect(log.bytes).toMatchObject({ datacontenttype: "application/octet-stream", data_base64: EVERY_BYTE });
  }, 2 * BUILD_TIMEOUT_MS);
});
