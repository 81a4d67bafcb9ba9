/** How commands are described. Parsing, help and completion all go by these descriptions. */

import type { Arguments } from "./arguments.ts";
import type { ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

export interface FlagSpec {
  /** Without the two hyphens. */
  readonly name: string;
  /** One letter, for `-H`. */
  readonly short?: string;
  /** `switch` takes no value. `count` is a whole number, `duration` such as `30s`. */
  readonly kind: "switch" | "text" | "count" | "duration";
  /** The only values that there are. */
  readonly choices?: readonly string[];
  readonly repeatable?: boolean;
  /** What stands for the value in help texts. */
  readonly value?: string;
  readonly summary: string;
}

export interface OperandSpec {
  /** As help shows it: `TOPIC`. */
  readonly name: string;
  readonly optional?: boolean;
  /** Takes all that are left; the last operand only. */
  readonly variadic?: boolean;
  readonly choices?: readonly string[];
  readonly summary: string;
}

export interface Example {
  readonly line: string;
  readonly what: string;
}

export type CommandGroup = "Run" | "Events" | "Inspect" | "Look after" | "Help";

/** A command, or with `commands` a family of them. */
export interface CommandSpec {
  readonly name: string;
  /** Words that other programs have for it: who types one is told the name. */
  readonly elsewhere?: readonly string[];
  /** One line. */
  readonly summary: string;
  readonly group?: CommandGroup;
  /** What the summary leaves open. */
  readonly about?: string;
  readonly operands?: readonly OperandSpec[];
  readonly flags?: readonly FlagSpec[];
  /** Flags whose list is dear to load. */
  readonly moreFlags?: () => Promise<readonly FlagSpec[]>;
  /** Whether it talks to a node: `--url`, `--token`, `--timeout`. */
  readonly client?: boolean;
  readonly examples?: readonly Example[];
  readonly commands?: readonly CommandSpec[];
  /** The one of `commands` that runs when none is named. */
  readonly defaultCommand?: string;
  /** Loads the code, which the start of other commands need not wait for. */
  readonly load?: () => Promise<Run>;
}

/** Answers how it ended; `undefined` is well. Throws `CommandError`, `WeftError` and whatever else goes wrong. */
export type Run = (context: CommandContext) => Promise<ExitCode | void>;

export interface CommandContext {
  readonly args: Arguments;
  readonly terminal: Terminal;
  /** Whether data shall be JSON. */
  readonly json: boolean;
  /** Whether nothing shall be said beside data and errors. */
  readonly quiet: boolean;
}

/** Flags of every command. */
export const universalFlags: readonly FlagSpec[] = [
  { name: "json", kind: "switch", summary: "print JSON: a document, or a line for each entry of a stream" },
  { name: "quiet", short: "q", kind: "switch", summary: "say nothing beside data and errors" },
  { name: "help", short: "h", kind: "switch", summary: "show what the command takes" },
];

/** Flags of commands that talk to a node. */
export const clientFlags: readonly FlagSpec[] = [
  { name: "url", kind: "text", value: "URL", summary: "the node (WEFT_URL; default: http://127.0.0.1:7700)" },
  {
    name: "token",
    kind: "text",
    value: "TOKEN",
    summary: "bearer token (better: WEFT_TOKEN, which no process list shows)",
  },
  { name: "ca", kind: "text", value: "FILE", summary: "authorities of the node's certificate, PEM (WEFT_CA)" },
  { name: "timeout", kind: "duration", value: "TIME", summary: "give up after this long, with exit code 6" },
];

/** All flags that a command takes. */
export async function flagsOf(spec: CommandSpec): Promise<readonly FlagSpec[]> {
  const own = [...spec.flags ?? [], ...await spec.moreFlags?.() ?? []];
  return [...own, ...spec.client ? clientFlags : [], ...universalFlags];
}
