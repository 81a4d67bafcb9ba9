/** The thread that restores a store; see `commands/restore.ts`. */

import { restoreSqlite } from "../store/sqlite/backup.ts";

self.onmessage = ({ data }: MessageEvent<{ file: string; dataDir: string }>) => {
  self.postMessage({ error: restore(data.file, data.dataDir) });
};

function restore(file: string, dataDir: string): string | undefined {
  try {
    restoreSqlite(file, dataDir);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
