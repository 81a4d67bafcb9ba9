import { openSqliteStore } from "../../adapters/store/sqlite.ts";
import { testEventStore } from "../conformance/event_store.ts";
import { tempDir } from "../support/temp_dir.ts";

testEventStore({
  name: "sqlite",
  capabilities: { durable: true, atomicCommit: true, selectiveRetention: true, onlineBackup: true },
  createFixture() {
    const dir = tempDir();
    return Promise.resolve({
      open: (options) => openSqliteStore({ dataDir: dir.path, cluster: "paris", ...options }),
      dispose: async () => dir.dispose(),
    });
  },
});
