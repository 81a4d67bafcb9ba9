/** The NATS endpoint with a certificate: the greeting in the clear, everything else encrypted. */

import { readFileSync } from "node:fs";

import { describe, expect, it } from "bun:test";
import { connect } from "@nats-io/transport-node";

import { createCertificate, hasOpenssl } from "../support/certificate.ts";
import { tempDir } from "../support/temp_dir.ts";
import { openTestNats } from "./door_nats_support.ts";

const absence = hasOpenssl ? "" : " (skipped: openssl, which makes the certificate, is not here)";

/** A certificate for this machine that is its own authority, as texts. */
function makeCertificate(directory: string): { cert: string; key: string } {
  const { cert, key } = createCertificate(directory, ["IP:127.0.0.1", "DNS:localhost"]);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

describe.skipIf(!hasOpenssl)(`The NATS endpoint with TLS${absence}`, () => {
  it("serves who trusts its certificate, and ends who stays in the clear", async () => {
    using directory = tempDir();
    const tls = makeCertificate(directory.path);
    await using nats = await openTestNats({ tls });
    expect(nats.door.url.startsWith("tls://")).toBe(true);
    const client = await connect({ servers: `127.0.0.1:${nats.door.port}`, tls: { ca: tls.cert } });
    const subscription = client.subscribe("order.>", { max: 1 });
    await client.flush();
    client.publish("order.placed", "x".repeat(500_000));
    for await (const message of subscription) expect(message.data.length).toBe(500_000);
    await client.close();
    const plain = await nats.client();
    expect(plain.info.tls_required).toBe(true);
    plain.send("PING\r\n");
    expect(await plain.closing()).not.toContain("PONG");
    await expect(connect({ servers: `127.0.0.1:${nats.door.port}`, tls: {}, reconnect: false })).rejects.toThrow();
  });

  it("with an authority asks clients for a certificate that comes from it", async () => {
    using serverDirectory = tempDir();
    using clientDirectory = tempDir();
    const [server, client] = [serverDirectory, clientDirectory].map(({ path }) => makeCertificate(path));
    await using nats = await openTestNats({ tls: { ...server, ca: client.cert } });
    const servers = `127.0.0.1:${nats.door.port}`;
    const known = await connect({ servers, tls: { ca: server.cert, cert: client.cert, key: client.key } });
    await known.flush();
    await known.close();
    const stranger = { ca: server.cert, cert: server.cert, key: server.key };
    await expect(connect({ servers, tls: stranger, reconnect: false, timeout: 3000 })).rejects.toThrow();
  });
});
