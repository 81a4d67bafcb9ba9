import { memoryBusPair } from "../support/memory_bus.ts";
import { testLinkBus } from "../conformance/link_bus.ts";

testLinkBus({
  name: "memory",
  createFixture: () => {
    const { broker, alice, bob } = memoryBusPair();
    return Promise.resolve({
      alice,
      bob,
      cut: () => Promise.resolve(broker.cut()),
      [Symbol.asyncDispose]: () => Promise.resolve(broker.cut()),
    });
  },
});
