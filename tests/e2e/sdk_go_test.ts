/** Events of the CloudEvents SDK for Go arrive as its program made them. */

import { describe, expect, it } from "bun:test";
import { join } from "node:path";

import { NodeProcess } from "../support/node_process.ts";
import { BUILD_TIMEOUT_MS, buildClient, runOrThrow, toolchainAbsence } from "./clients/build_client.ts";
import { EVERY_BYTE, expectedOrder, readLog, TIME } from "./clients/expected_events.ts";

const absence = toolchainAbsence(["go", "version"]);

describe.skipIf(absence !== undefined)(`the CloudEvents SDK for Go${absence ?? ""}`, () => {
  it("publishes in every mode that it has, and its attributes and data arrive unchanged", async () => {
    const client = buildClient({
      language: "go",
      commands: [["go", "build", "-o", "client", "."]],
    });
    await using node = await NodeProcess.start();
    const statuses = JSON.parse(runOrThrow(join(client, "client"), [node.url], client));
    expect(statuses).toEqual({ binary: 202, structured: 202, bytes: 202, batch: 202 });
    const log = await readLog(node, 5);
    for (const id of ["binary", "structured", "batch-1", "batch-2"]) {
      expect(log[id]).toEqual({ ...expectedOrder(id, "/shops/go"), time: TIME });
    }
    expect(log.bytes).toMatchObject({ datacontenttype: "application/octet-stream", data_base64: EVERY_BYTE });
  }, 2 * BUILD_TIMEOUT_MS);
});
