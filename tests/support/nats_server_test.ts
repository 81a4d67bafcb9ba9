import { connect } from "node:net";

import { describe, expect, it } from "bun:test";

import { natsBinary } from "./nats_binary.ts";
import { NatsServer } from "./nats_server.ts";

const { absence } = natsBinary();

/** The first line that a server says. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.setEncoding("utf8");
    socket.once("data", (text) => {
      resolve(String(text));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

describe.skipIf(absence !== undefined)(`NatsServer${absence ?? ""}`, () => {
  it("greets as the version that was asked for, with what was configured", async () => {
    await using server = await NatsServer.start({ jetstream: true, token: "secret", payloadBytesMax: 4096 });
    const info = await greeting(server.port);
    expect(info).toContain('"version":"2.15.1"');
    expect(info).toContain('"auth_required":true');
    expect(info).toContain('"jetstream":true');
    expect(info).toContain('"max_payload":4096');
  }, 60_000);

  it("comes back on its port after it was killed", async () => {
    await using server = await NatsServer.start();
    const { port } = server;
    await server.kill();
    expect(await greeting(port).then(() => "greeted", () => "refused")).toBe("refused");
    await server.restart();
    expect(server.port).toBe(port);
    expect(await greeting(port)).toContain("INFO ");
  }, 60_000);

  it("says what is wrong with a configuration", async () => {
    await expect(NatsServer.start({ more: "no such setting" })).rejects.toThrow("Cannot start nats-server: it ended");
  }, 60_000);
});
