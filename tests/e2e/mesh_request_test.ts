/** A request of a NATS client in one cluster is answered by a NATS client in another. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";

import { eventually } from "../support/eventually.ts";
import { MeshProcess } from "../support/mesh/mesh_process.ts";
import { meshTopology } from "../support/mesh/mesh_topology.ts";

const limitMs = 60_000;
const PATIENCE = { timeoutMs: 20_000 };

describe("a request at alice on Bun, of what only bob on Deno serves", () => {
  let starting: Promise<MeshProcess>;
  beforeAll(() => {
    starting = MeshProcess.start(meshTopology("pair"));
    starting.catch(() => undefined);
  });
  afterAll(async () => {
    await (await starting)[Symbol.asyncDispose]();
  });

  const clientOf = async (cluster: string): Promise<NatsConnection> => {
    const mesh = await starting;
    await mesh.connected();
    return await connect({ servers: mesh.node(cluster).ready.nats as string });
  };

  const known = async (topic: string): Promise<void> => {
    const alice = (await starting).node("alice");
    await eventually(async () => {
      expect((await alice.call("GET", `/routes?topic=${topic}`)).body.routes).toHaveLength(1);
    }, PATIENCE);
  };

  it(
    "is answered by one member of the service's queue, headers and all, and is an event in both clusters",
    async () => {
      const [service, asker] = [await clientOf("bob"), await clientOf("alice")];
      const asked: string[] = [];
      for (let member = 0; member < 2; member++) {
        service.subscribe("price.get", {
          queue: "q",
          callback: (_, message) => {
            asked.push(message.string());
            const given = headers();
            given.set("Currency", "EUR");
            message.respond(`42 for ${message.string()}`, { headers: given });
          },
        });
      }
      await service.flush();
      await known("price.get");
      for (const good of ["tea", "milk", "rice"]) {
        const reply = await asker.request("price.get", good, { timeout: 20_000 });
        expect(reply.string()).toBe(`42 for ${good}`);
        expect(reply.headers?.get("Currency")).toBe("EUR");
      }
      expect(asked).toEqual(["tea", "milk", "rice"]);
      for (const cluster of ["alice", "bob"]) {
        const { body } = await (await starting).node(cluster).call("GET", "/v1/events?topic=price.get");
        expect(body.events).toHaveLength(3);
      }
      await Promise.all([service.close(), asker.close()]);
    },
    limitMs,
  );

  it("gets the first of two replies, and none to an event that asks for none", async () => {
    const [service, asker] = [await clientOf("bob"), await clientOf("alice")];
    const replies: (string | undefined)[] = [];
    service.subscribe("stock.get", {
      callback: (_, message) => {
        replies.push(message.reply);
        message.respond("first");
        message.respond("second");
      },
    });
    await service.flush();
    await known("stock.get");
    const heard = await Array.fromAsync(await asker.requestMany("stock.get", "?", { maxMessages: 2, maxWait: 2_000 }));
    expect(heard.map((message) => message.string())).toEqual(["first"]);
    asker.publish("stock.get", "told");
    await eventually(() => expect(replies).toHaveLength(2), PATIENCE);
    expect(replies[1] ?? "").toBe("");
    await Promise.all([service.close(), asker.close()]);
  }, limitMs);

  it("is told at once when nobody serves it anywhere", async () => {
    const asker = await clientOf("alice");
    await expect(asker.request("nobody.serves", "?", { timeout: 20_000 })).rejects.toThrow(/no responders/);
    await asker.close();
  }, limitMs);
});
