/** The thread that copies a database; see `backup.ts`. */

import { backup, DatabaseSync } from "node:sqlite";

import { messageOf } from "./sqlite_errors.ts";

self.onmessage = async ({ data }: MessageEvent<{ source: string; target: string }>) => {
  self.postMessage({ error: await copy(data.source, data.target) });
};

async function copy(source: string, target: string): Promise<string | undefined> {
  try {
    const database = new DatabaseSync(source, { readOnly: true });
    try {
      database.prepare("VACUUM INTO ?").run(target);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      // All pages in one step: it need not begin again when somebody writes.
      await backup(database, target, { rate: -1 });
    } finally {
      database.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Deno allows no second file to a program that runs with less than all permissions; VACUUM INTO is one. */
function isForbidden(error: unknown): boolean {
  return /too many attached databases/.test(messageOf(error));
}
