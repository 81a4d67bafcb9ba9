/** A node's own endpoint as a bus: on one side the node itself, on the other a neighbour that dials it. */

import { dialNats } from "../../adapters/link/nats/mod.ts";
import type { DialFailure, LinkBus } from "../../federation/mod.ts";
import { testLinkBus } from "../conformance/link_bus.ts";
import { openTestNats } from "./door_nats_support.ts";

function dial(url: string): Promise<LinkBus> {
  return new Promise((resolve, reject) => {
    dialNats({ node: "bob" })(url, { timeoutMs: 10_000 }, (result) => {
      "bus" in result ? resolve(result.bus) : reject(new Error((result.failure satisfies DialFailure).detail));
    });
  });
}

for (const dialler of ["bob", "alice"]) {
  testLinkBus({
    name: `own endpoint, dialled by ${dialler}`,
    createFixture: async () => {
      const nats = await openTestNats();
      const [own, dialled] = [nats.door.bus, await dial(nats.door.url)];
      return {
        ...dialler === "bob" ? { alice: own, bob: dialled } : { alice: dialled, bob: own },
        cut: () => nats.door.stop(0),
        [Symbol.asyncDispose]: async () => {
          dialled.close();
          await nats[Symbol.asyncDispose]();
        },
      };
    },
  });
}
