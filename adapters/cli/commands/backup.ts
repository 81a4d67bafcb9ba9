/** `weft backup`: copies the store of a data directory, whether its node runs or not. */

import { statSync } from "node:fs";
import { join, resolve } from "node:path";

import { backupDatabase } from "../../store/sqlite/backup.ts";
import { DATABASE_FILE } from "../../store/sqlite/options.ts";
import type { CommandContext } from "../command.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { toDurationText, toSizeText } from "../humanize.ts";
import { isFile } from "../is_file.ts";
import { findStore } from "../find_store.ts";
import { printJson, say } from "../output.ts";
import { createProgress } from "../progress.ts";

/** JSON: `{"file","bytes","dataDir","tookMs"}`. */
export async function backUp(context: CommandContext): Promise<void> {
  const dataDir = await findStore(context);
  const source = join(dataDir, DATABASE_FILE);
  const target = resolve(context.terminal.directory, context.args.required(0));
  if (!isFile(source)) {
    const way = "name the data directory of a node with --data-dir";
    throw new CommandError(ExitCode.notFound, `Cannot back up "${dataDir}": there is no store in it; ${way}`);
  }
  const startedAt = performance.now();
  {
    using progress = createProgress(context, "backing up", toSizeText);
    const onProgress = (done: number, total: number) => progress.update(done, total);
    await backupDatabase({ source, target, bytes: statSync(source).size, onProgress });
  }
  const bytes = statSync(target).size;
  const tookMs = Math.round(performance.now() - startedAt);
  if (context.json) return await printJson(context, { file: target, bytes, dataDir, tookMs });
  await say(context, `backed up ${dataDir} to ${target}: ${toSizeText(bytes)} in ${toDurationText(tookMs)}`);
}
