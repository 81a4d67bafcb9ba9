/** How commands write: data for people or for programs, and words beside it. */

import type { CommandContext } from "./command.ts";
import { type Column, renderFields, renderTable } from "./table.ts";

/** One JSON document on one line. */
export async function printJson({ terminal }: CommandContext, value: unknown): Promise<void> {
  await terminal.output.write(`${JSON.stringify(value)}\n`);
}

/** Text as it is, such as a node's answer, whose numbers we would round; ends its line. */
export async function printText({ terminal }: CommandContext, text: string): Promise<void> {
  await terminal.output.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** A table, or words that say that it would be empty. */
export async function printTable<Row>(
  context: CommandContext,
  rows: readonly Row[],
  { columns, empty }: { readonly columns: readonly Column<Row>[]; readonly empty: string },
): Promise<void> {
  const { output } = context.terminal;
  if (rows.length === 0) return await say(context, empty);
  await output.write(renderTable(columns, rows, output));
}

export async function printFields(
  { terminal: { output } }: CommandContext,
  fields: Readonly<Record<string, string | number | null | undefined>>,
): Promise<void> {
  await output.write(renderFields(fields, output));
}

/** Words for people. */
export async function say({ terminal, quiet }: CommandContext, text: string): Promise<void> {
  if (!quiet) await terminal.chat.write(`${text}\n`);
}
