/** The name of this node, chosen once: a node that forgot its name would be a stranger to its own mesh. */

import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { StoreOpenError } from "../node/mod.ts";

/** The configured id, else the one of the data directory, else a new one that is kept there: `<host>-<4 letters or digits>`. */
export async function resolveNodeId(options: { id: string | undefined; dataDir: string }): Promise<string> {
  if (options.id !== undefined) return options.id;
  const file = join(options.dataDir, "node-id");
  const known = await readFile(file, "utf8").catch(() => undefined);
  if (known !== undefined && isName(known.trim())) return known.trim();
  const id = `${hostPart(hostname())}-${randomBytes(2).toString("hex")}`;
  try {
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${id}\n`); // renamed, so that a kill leaves a whole name or none
    await rename(`${file}.new`, file);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new StoreOpenError(`Cannot use data directory "${options.dataDir}": ${why}; name one that can be written`, {
      cause,
    });
  }
  return id;
}

function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(text);
}

function hostPart(host: string): string {
  const part = host.split(".")[0].toLowerCase().replace(/[^a-z0-9-]/g, "-").replace(/^-+|-+$/g, "").slice(0, 50);
  return part === "" ? "node" : part;
}
