/** `weft restore`: makes the store of a data directory out of a backup. */

import { statSync } from "node:fs";
import { join, resolve } from "node:path";

import { DATABASE_FILE } from "../../store/sqlite/options.ts";
import type { CommandContext } from "../command.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { findStore } from "../find_store.ts";
import { toDurationText, toSizeText } from "../humanize.ts";
import { isFile } from "../is_file.ts";
import { printJson, say } from "../output.ts";
import { createProgress } from "../progress.ts";

/** How often the growing copy is looked at. */
const LOOK_MS = 100;

/** JSON: `{"file","dataDir","bytes","tookMs"}`. */
export async function restore(context: CommandContext): Promise<void> {
  const dataDir = await findStore(context);
  const file = resolve(context.terminal.directory, context.args.required(0));
  if (!isFile(file)) {
    throw new CommandError(ExitCode.notFound, `Cannot restore "${file}": there is no such file; name a backup`);
  }
  const startedAt = performance.now();
  const bytes = statSync(file).size;
  {
    using progress = createProgress(context, "restoring", toSizeText);
    const partial = `${join(dataDir, DATABASE_FILE)}.partial`;
    const timer = setInterval(() => {
      progress.update(statSync(partial, { throwIfNoEntry: false })?.size ?? 0, bytes);
    }, LOOK_MS);
    await restoreInWorker(file, dataDir).finally(() => clearInterval(timer));
  }
  const tookMs = Math.round(performance.now() - startedAt);
  if (context.json) return await printJson(context, { file, dataDir, bytes, tookMs });
  await say(context, `restored ${dataDir}: ${toSizeText(bytes)} in ${toDurationText(tookMs)}`);
  await say(context, "what was published after the backup may be delivered again");
}

/** Copying blocks its thread, and a bar has to move. */
function restoreInWorker(file: string, dataDir: string): Promise<void> {
  const worker = new Worker(new URL("../restore_worker.ts", import.meta.url), { type: "module" });
  const done = new Promise<void>((resolve, reject) => {
    const fail = (message: string) => reject(new CommandError(ExitCode.failed, message));
    worker.onmessage = ({ data }: MessageEvent<{ error?: string }>) =>
      data.error === undefined ? resolve() : fail(data.error);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message);
    };
    worker.postMessage({ file, dataDir });
  });
  return done.finally(() => worker.terminate());
}
