/** The thread that copies a database; see `backup.ts`. */

import { DatabaseSync } from "node:sqlite";

self.onmessage = ({ data }: MessageEvent<{ source: string; target: string }>) => {
  self.postMessage({ error: copy(data.source, data.target) });
};

function copy(source: string, target: string): string | undefined {
  try {
    const database = new DatabaseSync(source, { readOnly: true });
    try {
      database.prepare("VACUUM INTO ?").run(target);
    } finally {
      database.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
