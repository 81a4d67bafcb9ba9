import { openMemoryStore } from "../../adapters/store/memory.ts";
import { testEventStore } from "../conformance/event_store.ts";

testEventStore({
  name: "memory",
  capabilities: { durable: false, atomicCommit: true, selectiveRetention: true, onlineBackup: false },
  createFixture: () =>
    Promise.resolve({
      open: (options) => openMemoryStore({ cluster: "paris", ...options }),
      dispose: () => Promise.resolve(),
    }),
});
