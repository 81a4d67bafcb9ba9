/** Tells how a command failed. */

import { WeftError } from "../client/mod.ts";
import { exitCodeOf, UsageError } from "./exit_codes.ts";
import { paintFor } from "./paint.ts";
import type { Screen } from "./terminal.ts";

/** To people in a sentence and a hint; with `json` as a line `{"error":{"code","detail","exitCode",…}}`. */
export async function reportError(error: unknown, { chat, json }: { chat: Screen; json: boolean }): Promise<void> {
  await chat.write(json ? `${JSON.stringify({ error: toDocument(error) })}\n` : toSentence(error, chat));
}

function toDocument(error: unknown): Readonly<Record<string, unknown>> {
  const exitCode = exitCodeOf(error);
  if (error instanceof WeftError) return { ...error.problem, code: error.code, detail: error.message, exitCode };
  return { code: toCode(error), detail: toMessage(error), exitCode };
}

function toSentence(error: unknown, chat: Screen): string {
  const paint = paintFor(chat);
  const code = error instanceof WeftError && error.code !== "UNKNOWN" ? `${paint.bold(error.code)}: ` : "";
  const position = error instanceof WeftError ? describePosition(error) : "";
  const text = `${paint.red("weft:")} ${code}${toMessage(error)}\n${position}`;
  if (!(error instanceof UsageError)) return text;
  const help = ["weft help", error.command].filter((word) => word !== "").join(" ");
  return `${text}${paint.dim(`Try: ${help}`)}\n`;
}

/** What went wrong with the parts of a batch. */
function describePosition({ problem }: WeftError): string {
  const { errors } = problem;
  if (!Array.isArray(errors)) return "";
  return errors.map(({ index, code, detail }) => `  event ${index}: ${code}: ${detail}\n`).join("");
}

/** `UsageError` → `USAGE`: programs get a code for what no node has answered, too. */
function toCode(error: unknown): string {
  const name = error instanceof Error ? error.name : "Error";
  return name.replace(/(?<=.)Error$/, "").replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
