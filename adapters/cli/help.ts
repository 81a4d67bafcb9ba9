/** Help texts, made from the descriptions of commands. */

import { type CommandGroup, type CommandSpec, flagsOf, type FlagSpec } from "./command.ts";
import { paintFor } from "./paint.ts";
import type { Screen } from "./terminal.ts";

const groups: readonly CommandGroup[] = ["Run", "Events", "Inspect", "Look after", "Help"];

/** What there is. */
export function renderOverview(root: CommandSpec, screen: Screen): string {
  const paint = paintFor(screen);
  const commands = root.commands ?? [];
  const sections = groups.map((group) => {
    const rows = commands.filter((command) => command.group === group).map(({ name, summary }) => [name, summary]);
    return `${paint.bold(group)}\n${renderPairs(rows, screen)}`;
  });
  return [
    `${paint.bold("weft")}: ${root.summary}`,
    `${paint.bold("Usage")}\n  weft COMMAND [OPERANDS] [FLAGS]\n`,
    ...sections,
    `${root.about}\n`,
  ].join("\n\n").replace(/\n{3,}/g, "\n\n");
}

/** What one command takes. `path` is how it is called: `["subscription", "ls"]`. */
export async function renderHelp(spec: CommandSpec, path: readonly string[], screen: Screen): Promise<string> {
  const paint = paintFor(screen);
  const call = ["weft", ...path].join(" ");
  const parts = [`${paint.bold(call)}: ${spec.summary}`, `${paint.bold("Usage")}\n${usageLines(spec, call)}`];
  if (spec.about !== undefined) parts.push(spec.about);
  if (spec.commands !== undefined) {
    const rows = spec.commands.map(({ name, summary }) => [name, summary]);
    parts.push(`${paint.bold("Commands")}\n${renderPairs(rows, screen)}`);
  } else {
    const operands = (spec.operands ?? []).map(({ name, summary }) => [name, summary]);
    if (operands.length > 0) parts.push(`${paint.bold("Operands")}\n${renderPairs(operands, screen)}`);
    const flags = (await flagsOf(spec)).map((flag) => [flagTerm(flag), flagSummary(flag)]);
    parts.push(`${paint.bold("Flags")}\n${renderPairs(flags, screen)}`);
  }
  const examples = (spec.examples ?? []).map(({ line, what }) => `  ${paint.dim(`# ${what}`)}\n  ${line}`);
  if (examples.length > 0) parts.push(`${paint.bold("Examples")}\n${examples.join("\n")}`);
  return `${parts.map((part) => part.trimEnd()).join("\n\n")}\n`;
}

/** How a command is written, in one line for each way. */
export function usageLines(spec: CommandSpec, call: string): string {
  if (spec.commands !== undefined) {
    return spec.commands.map((each) => usageLines(each, `${call} ${each.name}`)).join("\n");
  }
  const operands = (spec.operands ?? []).map(({ name, optional, variadic }) => {
    const many = variadic ? `${name}...` : name;
    return optional ? `[${many}]` : many;
  });
  return `  ${[call, ...operands, "[FLAGS]"].join(" ")}`;
}

function flagTerm({ name, short, kind, value }: FlagSpec): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `${letter}--${name}${kind === "switch" ? "" : ` ${value ?? "VALUE"}`}`;
}

function flagSummary({ summary, choices, repeatable }: FlagSpec): string {
  const among = choices === undefined ? "" : `: ${choices.join(", ")}`;
  return `${summary}${among}${repeatable && !summary.includes("repeatable") ? " (repeatable)" : ""}`;
}

/** Two columns; what is too long for a line goes on below itself. */
function renderPairs(rows: readonly (readonly string[])[], { columns }: Screen): string {
  const indent = Math.min(34, Math.max(0, ...rows.map(([term]) => term.length))) + 4;
  const width = Math.max(30, Math.min(columns, 110) - indent);
  return rows.map(([term, text]) => {
    const [first = "", ...rest] = wrap(text, width);
    const head = `  ${term}`.padEnd(indent);
    const start = head.length > indent ? `${head}\n${" ".repeat(indent)}` : head;
    return [`${start}${first}`, ...rest.map((line) => " ".repeat(indent) + line)].join("\n");
  }).join("\n") + "\n";
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
