/** `weft completion`. */

import { renderCompletion, type Shell } from "../completion.ts";
import type { CommandContext } from "../command.ts";
import { rootCommand } from "../definitions/mod.ts";
import { printJson, printText } from "../output.ts";

/** JSON: `{"shell","script"}`. */
export async function printCompletion(context: CommandContext): Promise<void> {
  const shell = context.args.required(0) as Shell; // one of the operand's choices
  const script = await renderCompletion(shell, rootCommand);
  await (context.json ? printJson(context, { shell, script }) : printText(context, script));
}
