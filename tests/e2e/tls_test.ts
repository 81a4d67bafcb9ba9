/** A node with a certificate: HTTPS on both runtimes, and nothing in the clear. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";

import { describe, expect, it } from "bun:test";

import { NodeProcess } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

function createCertificate(directory: string): { cert: string; key: string } {
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const options = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
  ];
  const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  execFileSync("openssl", ["req", "-x509", ...options, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key };
}

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

  it.skipIf(!hasOpenssl)(title, async () => {
    using directory = tempDir();
    const tls = createCertificate(directory.path);
    await using node = await NodeProcess.start({ config: { tls } });
    expect(node.ready.http).toMatch(/^https:/);
    const answer = await post(`${node.ready.http}/v1/topics/order.placed`, "hello", readFileSync(tls.cert));
    expect(answer.status).toBe(202);
    expect(JSON.parse(answer.body).position).toBe(1);
  });

  it("says which file it cannot read", async () => {
    const start = NodeProcess.start({ config: { tls: { cert: "/nowhere/cert.pem", key: "/nowhere/key.pem" } } });
    const error = await start.then(() => undefined, (error) => error);
    expect(String(error)).toContain("/nowhere/cert.pem");
  });
});
