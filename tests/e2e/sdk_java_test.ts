/** Events of the CloudEvents SDK for Java arrive as its program made them. */

import { describe, expect, it } from "bun:test";

import { NodeProcess } from "../support/node_process.ts";
import { BUILD_TIMEOUT_MS, buildClient, runOrThrow, toolchainAbsence } from "./clients/build_client.ts";
import { EVERY_BYTE, expectedOrder, readLog, TIME } from "./clients/expected_events.ts";

const absence = toolchainAbsence(["mvn", "-v"], ["javac", "-version"]);

describe.skipIf(absence !== undefined)(`the CloudEvents SDK for Java${absence ?? ""}`, () => {
  it("publishes in every mode that it has, and its attributes and data arrive unchanged", async () => {
    const client = buildClient({
      language: "java",
      commands: [["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], [
        "javac",
        "-encoding",
        "UTF-8",
        "-cp",
        "lib/*",
        "Publish.java",
      ]],
    });
    await using node = await NodeProcess.start();
    const statuses = JSON.parse(runOrThrow("java", ["-cp", "lib/*:.", "Publish", node.url], client));
    expect(statuses).toEqual({ binary: 202, structured: 202, bytes: 202 });
    const log = await readLog(node, 3);
    for (const id of ["binary", "structured"]) {
      expect(log[id]).toEqual({ ...expectedOrder(id, "/shops/java"), time: TIME });
    }
    expect(log.bytes).toMatchObject({ datacontenttype: "application/octet-stream", data_base64: EVERY_BYTE });
  }, 2 * BUILD_TIMEOUT_MS);
});
