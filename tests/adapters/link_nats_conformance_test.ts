import { describe } from "bun:test";

import { dialNats } from "../../adapters/link/nats/mod.ts";
import type { DialFailure, LinkBus } from "../../federation/mod.ts";
import { testLinkBus } from "../conformance/link_bus.ts";
import { natsBinary } from "../support/nats_binary.ts";
import { NatsServer } from "../support/nats_server.ts";

const { absence } = natsBinary();

function dial(url: string, node: string): Promise<LinkBus> {
  return new Promise((resolve, reject) => {
    dialNats({ node })(url, { timeoutMs: 10_000 }, (result) => {
      "bus" in result ? resolve(result.bus) : reject(new Error((result.failure satisfies DialFailure).detail));
    });
  });
}

describe.skipIf(absence !== undefined)(`dialNats() over a nats-server${absence ?? ""}`, () => {
  testLinkBus({
    name: "nats-server",
    createFixture: async () => {
      const server = await NatsServer.start();
      const [alice, bob] = await Promise.all([dial(server.url, "alice"), dial(server.url, "bob")]);
      return {
        alice,
        bob,
        cut: () => server.kill(),
        [Symbol.asyncDispose]: async () => {
          alice.close();
          bob.close();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  });
});
