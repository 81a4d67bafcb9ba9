/** `weft config`: what a node would run with. */

import { resolve } from "node:path";

import { configJsonSchema, loadConfig, showConfig, type ShownSetting, validateConfigFile } from "../../config/mod.ts";
import type { CommandContext } from "../command.ts";
import { configFlagValues } from "../config_flag_values.ts";
import { CommandError, ExitCode, UsageError } from "../exit_codes.ts";
import { printJson, printTable, say } from "../output.ts";
import { isFile } from "../is_file.ts";

/** JSON: `{"file","settings":[{"path","value","source"}],"warnings"}`. */
export async function showEffective(context: CommandContext): Promise<void> {
  const { environment, directory } = context.terminal;
  const loaded = await loadConfig({ flags: configFlagValues(context.args), environment, directory });
  const shown = showConfig(loaded);
  const { file = null, warnings } = loaded;
  if (context.json) return await printJson(context, { file, settings: shown, warnings });
  const columns = [
    { title: "SETTING", cell: ({ path }: ShownSetting) => path },
    { title: "VALUE", cell: ({ value }: ShownSetting) => typeof value === "string" ? value : JSON.stringify(value) },
    { title: "SOURCE", cell: ({ source }: ShownSetting) => source },
  ];
  await printTable(context, shown, { columns, empty: "" });
  for (const warning of warnings) await say(context, `warning: ${warning}`);
}

/** JSON: `{"file","valid":true,"warnings"}`; what is wrong is an error. */
export async function validateFile(context: CommandContext): Promise<void> {
  const [operand, flag] = [context.args.operands[0], context.args.text("config")];
  if ((operand === undefined) === (flag === undefined)) {
    const state = operand === undefined ? "FILE is missing" : "FILE and --config are the same: give one of them";
    throw new UsageError(`Cannot run "weft config validate": ${state}`, "config validate");
  }
  const file = (operand ?? flag)!;
  const { directory } = context.terminal;
  if (!isFile(resolve(directory, file))) {
    throw new CommandError(ExitCode.notFound, `Cannot validate "${file}": there is no such file`);
  }
  const { warnings } = await validateConfigFile(file, directory);
  if (context.json) return await printJson(context, { file, valid: true, warnings });
  for (const warning of warnings) await say(context, `warning: ${warning}`);
  await say(context, `${file} is valid`);
}

export async function printSchema(context: CommandContext): Promise<void> {
  await context.terminal.output.write(`${JSON.stringify(await configJsonSchema(), null, 2)}\n`);
}
