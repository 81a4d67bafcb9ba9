/** `weft help`. */

import { nearest } from "../../config/nearest.ts"; // the file itself: its folder loads the whole configuration
import { type CommandContext, type CommandSpec, flagsOf } from "../command.ts";
import { rootCommand } from "../definitions/mod.ts";
import { UsageError } from "../exit_codes.ts";
import { renderHelp, renderOverview } from "../help.ts";
import { printJson } from "../output.ts";

/** JSON: the command's description: `{"name","summary","operands","flags","commands":[…]}`. */
export async function showHelp(context: CommandContext): Promise<void> {
  const path = context.args.operands;
  const spec = path.reduce(find, rootCommand);
  const { output } = context.terminal;
  if (context.json) return await printJson(context, await describe(spec));
  await output.write(spec === rootCommand ? renderOverview(spec, output) : await renderHelp(spec, path, output));
}

function find({ commands = [] }: CommandSpec, word: string): CommandSpec {
  const found = commands.find(({ name }) => name === word);
  if (found !== undefined) return found;
  const guess = nearest(word, commands.map(({ name }) => name));
  const hint = guess === undefined ? "" : `; did you mean "${guess}"?`;
  throw new UsageError(`Cannot help with "${word}": there is no such command${hint}`, "");
}

async function describe(spec: CommandSpec): Promise<Record<string, unknown>> {
  const { name, summary, operands = [], commands } = spec;
  if (commands !== undefined) return { name, summary, commands: await Promise.all(commands.map(describe)) };
  return { name, summary, operands, flags: await flagsOf(spec) };
}
