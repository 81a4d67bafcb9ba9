/** A NATS client that proves who it is with an NKey, at a node that was configured with the public half. */

import { describe, expect, it } from "bun:test";
import { nkeyAuthenticator, nkeys } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";

import { NodeProcess } from "../support/node_process.ts";

const limitMs = 60_000;

describe("auth.nkeys", () => {
  it("lets a client in that holds the key, with its rights alone, and nobody else", async () => {
    const [till, stranger] = [nkeys.createUser(), nkeys.createUser()];
    const auth = { nkeys: [{ name: "till", nkey: till.getPublicKey(), publish: ["order.>"] }] };
    await using node = await NodeProcess.start({ config: { auth } });
    const servers = node.ready.nats as string;
    const client = await connect({ servers, authenticator: nkeyAuthenticator(till.getSeed()) });
    client.publish("order.placed", "one");
    client.publish("stock.low", "two");
    await client.flush();
    await client.close();
    const { body } = await node.call("GET", "/v1/events");
    expect(body.events.map(({ topic }: { topic: string }) => topic)).toEqual(["order.placed"]);
    await expect(connect({ servers, authenticator: nkeyAuthenticator(stranger.getSeed()) })).rejects.toThrow(
      /authorization/i,
    );
    await expect(connect({ servers })).rejects.toThrow(/authorization/i);
  }, limitMs);
});
