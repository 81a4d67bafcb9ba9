/** From words to an exit code: parse, run, and tell what went wrong. */

import type { CommandContext } from "./command.ts";
import { rootCommand } from "./definitions/mod.ts";
import { ExitCode, exitCodeOf } from "./exit_codes.ts";
import { renderHelp, renderOverview } from "./help.ts";
import { parseCommandLine, type ParsedCommand } from "./parse_command_line.ts";
import { reportError } from "./report_error.ts";
import type { Terminal } from "./terminal.ts";

/** Never rejects: whatever goes wrong is told on the terminal. */
export async function runCli(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await run(await parseCommandLine(toCommand(words), rootCommand), terminal);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === ExitCode.interrupted) return exitCode;
    await reportError(error, { chat: terminal.chat, json: wantsJson(words) });
    return exitCode;
  }
}

async function run({ spec, path, args }: ParsedCommand, terminal: Terminal): Promise<ExitCode> {
  const { output, chat } = terminal;
  if (args.has("help")) {
    await output.write(spec === rootCommand ? renderOverview(spec, output) : await renderHelp(spec, path, output));
    return ExitCode.ok;
  }
  if (spec.load === undefined) {
    await chat.write(renderOverview(spec, chat));
    return ExitCode.usage;
  }
  const context: CommandContext = { args, terminal, json: args.has("json"), quiet: args.has("quiet") };
  const runCommand = await spec.load();
  return await runCommand(context) ?? ExitCode.ok;
}

/** What people try first. */
function toCommand(words: readonly string[]): readonly string[] {
  return words.length === 1 && ["--version", "-V", "-v"].includes(words[0]) ? ["version"] : words;
}

function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? undefined : end).includes("--json");
}
