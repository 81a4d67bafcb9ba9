/** A node with a certificate: HTTPS on both runtimes, and nothing in the clear. */

import { readFileSync } from "node:fs";
import { request } from "node:https";

import { describe, expect, it } from "bun:test";

import { createCertificate, createSignedCertificate, hasOpenssl } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";

function post(url: string, body: string, ca: Buffer): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", ca, headers: { "content-type": "text/plain" } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => text += part);
      answer.on("end", () => resolve({ status: answer.statusCode!, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("A node with tls.cert and tls.key", () => {
  const title = hasOpenssl
    ? "takes events over HTTPS"
    : "takes events over HTTPS (skipped: openssl, which makes the certificate, is not here)";

  const linkTitle = hasOpenssl
    ? "is linked with a node that has nothing of tls but the authority"
    : "is linked with a node that has nothing of tls but the authority (skipped: openssl is not here)";

  it.skipIf(!hasOpenssl)(title, async () => {
    using directory = tempDir();
    const tls = createCertificate(directory.path, ["IP:127.0.0.1", "DNS:localhost"]);
    await using node = await NodeProcess.start({ config: { tls } });
    expect(node.ready.http).toMatch(/^https:/);
    const answer = await post(`${node.ready.http}/v1/topics/order.placed`, "hello", readFileSync(tls.cert));
    expect(answer.status).toBe(202);
    expect(JSON.parse(answer.body).position).toBe(1);
  });

  it.skipIf(!hasOpenssl)(linkTitle, async () => {
    using directory = tempDir();
    const { ca, ...tls } = createSignedCertificate(directory.path, ["IP:127.0.0.1"]);
    await using alice = await NodeProcess.start({ runtime: "bun", config: { node: { id: "alice" }, tls } });
    const join = [alice.ready.nats];
    await using bob = await NodeProcess.start({
      runtime: "deno",
      config: { node: { id: "bob" }, federation: { join }, tls: { ca } },
    });
    expect(bob.ready.http).toMatch(/^http:/);
    await eventually(async () => {
      expect((await bob.call("GET", "/v1/links")).body.links).toMatchObject([{ peer: "alice", state: "up" }]);
    }, { timeoutMs: 20_000 });
  });

  it("says which file it cannot read", async () => {
    const start = NodeProcess.start({ config: { tls: { cert: "/nowhere/cert.pem", key: "/nowhere/key.pem" } } });
    const error = await start.then(() => undefined, (error) => error);
    expect(String(error)).toContain("/nowhere/cert.pem");
  });
});
