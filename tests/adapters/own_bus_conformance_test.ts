/** A node's own endpoint as a bus: on one side the node itself, on the other a neighbour that dials it. */

import { describe, expect, it } from "bun:test";

import { dialNats } from "../../adapters/link/nats/mod.ts";
import type { DialFailure, LinkBus } from "../../federation/mod.ts";
import { testLinkBus } from "../conformance/link_bus.ts";
import { eventually } from "../support/eventually.ts";
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

describe("OwnBus.onClientGone()", () => {
  it("tells who is still listened for when a client has gone: nobody, once the last one has", async () => {
    await using nats = await openTestNats();
    const { bus, url } = nats.door;
    const told: boolean[] = [];
    bus.onClientGone!((listens) => told.push(listens("weft.v1.acme.l.alice.bob.hello")));
    const heard: string[] = [];
    const dialled = [await dial(url), await dial(url)];
    dialled.forEach((each, i) => each.subscribe("weft.v1.acme.l.*.bob.*", () => heard.push(`${i}`)));
    await eventually(() => {
      bus.publish("weft.v1.acme.l.alice.bob.hello", new Uint8Array(1));
      expect(new Set(heard).size).toBe(2);
    });
    dialled[0].close();
    await eventually(() => expect(told).toEqual([true, true])); // data and control
    dialled[1].close();
    await eventually(() => expect(told).toHaveLength(4));
    expect(told.at(-1)).toBe(false);
  });
});
