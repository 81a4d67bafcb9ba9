/** From the words of a command line to the command that they mean. */

import { nearest } from "../config/nearest.ts"; // the file itself: its folder loads the whole configuration
import { Arguments } from "./arguments.ts";
import { clientFlags, type CommandSpec, flagsOf, type FlagSpec, universalFlags } from "./command.ts";
import { UsageError } from "./exit_codes.ts";

export interface ParsedCommand {
  readonly spec: CommandSpec;
  /** `["subscription", "ls"]`. */
  readonly path: readonly string[];
  readonly args: Arguments;
}

/**
 * Flags may stand anywhere, `--name value` or `--name=value`; after `--` there are none. With `--help`, operands are not
 * asked for. Throws `UsageError`, with a guess where one is near.
 */
export async function parseCommandLine(words: readonly string[], root: CommandSpec): Promise<ParsedCommand> {
  const reader = new Reader(root);
  await reader.read(words);
  return await reader.finish();
}

class Reader {
  #spec: CommandSpec;
  #path: string[] = [];
  #known: readonly FlagSpec[] = [...universalFlags, ...clientFlags];
  readonly #flags = new Map<string, (string | number)[]>();
  readonly #operands: string[] = [];

  constructor(root: CommandSpec) {
    this.#spec = root;
  }

  async read(words: readonly string[]): Promise<void> {
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      if (word === "--") {
        for (const operand of words.slice(i + 1)) await this.#takeWord(operand);
        return;
      }
      if (!word.startsWith("-") || word === "-") await this.#takeWord(word);
      else if (await this.#takeFlag(word, words[i + 1])) i++;
    }
  }

  async finish(): Promise<ParsedCommand> {
    const wantsHelp = this.#flags.has("help");
    const { defaultCommand } = this.#spec;
    if (defaultCommand !== undefined && !wantsHelp) await this.#enter(defaultCommand);
    if (this.#path.length > 0) {
      for (const name of this.#flags.keys()) this.#requireKnown(`--${name}`);
    }
    if (!wantsHelp) this.#checkOperands();
    return { spec: this.#spec, path: this.#path, args: new Arguments(this.#flags, this.#operands) };
  }

  async #takeWord(word: string): Promise<void> {
    const { commands, defaultCommand } = this.#spec;
    if (commands === undefined) {
      this.#operands.push(word);
      return;
    }
    if (commands.some(({ name }) => name === word)) return await this.#enter(word);
    const guess = commands.find(({ elsewhere }) => elsewhere?.includes(word))?.name ??
      nearest(word, commands.map(({ name }) => name));
    // `weft events 'order.>'` means what the family does by default.
    if (defaultCommand !== undefined && guess === undefined && takesOperands(this.#find(defaultCommand))) {
      await this.#enter(defaultCommand);
      this.#operands.push(word);
      return;
    }
    const what = this.#path.length === 0 ? "command" : `command of "${this.#name}"`;
    throw this.#wrong(`there is no ${what} "${word}"${toHint(guess)}`);
  }

  async #enter(name: string): Promise<void> {
    this.#spec = this.#find(name);
    this.#path.push(name);
    this.#known = this.#spec.commands === undefined ? await flagsOf(this.#spec) : await this.#flagsOfFamily();
  }

  /** A family's flags are those of any of its members: which one is meant may come later. */
  async #flagsOfFamily(): Promise<readonly FlagSpec[]> {
    const lists = await Promise.all(this.#spec.commands!.map((command) => flagsOf(command)));
    return [...new Map(lists.flat().map((flag) => [flag.name, flag])).values()];
  }

  #find(name: string): CommandSpec {
    return this.#spec.commands!.find((command) => command.name === name)!;
  }

  /** Answers whether the next word was its value. */
  async #takeFlag(word: string, next: string | undefined): Promise<boolean> {
    const { name, inline } = splitFlag(word);
    const flag = this.#requireKnown(name);
    if (flag.kind === "switch") {
      if (inline !== undefined) throw this.#wrong(`${name} takes no value`);
      this.#flags.set(flag.name, []);
      return false;
    }
    const text = inline ?? next;
    if (text === undefined) throw this.#wrong(`${name} needs a value (${flag.value ?? "VALUE"})`);
    const before = flag.repeatable ? this.#flags.get(flag.name) ?? [] : [];
    this.#flags.set(flag.name, [...before, await this.#toValue(flag, text)]);
    return inline === undefined;
  }

  #requireKnown(given: string): FlagSpec {
    const isShort = !given.startsWith("--");
    const flag = this.#known.find(({ name, short }) => isShort ? `-${short}` === given : `--${name}` === given);
    if (flag !== undefined) return flag;
    const guess = isShort ? undefined : nearest(given, this.#known.map(({ name }) => `--${name}`));
    throw this.#wrong(`there is no flag ${given}${toHint(guess)}`);
  }

  async #toValue({ name, kind, choices }: FlagSpec, text: string): Promise<string | number> {
    if (choices !== undefined && !choices.includes(text)) {
      throw this.#wrong(`--${name} is one of ${choices.join(", ")}, not "${text}"`);
    }
    if (kind === "text") return text;
    const value = kind === "count" ? toCount(text) : await toDuration(text);
    if (value !== undefined) return value;
    const what = kind === "count" ? "a whole number" : "a duration such as 30s";
    throw this.#wrong(`--${name} is ${what}, not "${text}"`);
  }

  #checkOperands(): void {
    const { operands = [], commands } = this.#spec;
    if (commands !== undefined) {
      if (this.#path.length === 0) return;
      throw this.#wrong(`it needs one of its commands: ${commands.map(({ name }) => name).join(", ")}`);
    }
    const missing = operands.find(({ optional }, index) => !optional && this.#operands[index] === undefined);
    if (missing !== undefined) throw this.#wrong(`${missing.name} is missing: ${missing.summary}`);
    const tooMany = this.#operands.length > operands.length && !operands.at(-1)?.variadic;
    if (tooMany) throw this.#wrong(`"${this.#operands[operands.length]}" is more than it takes`);
    operands.forEach(({ name, choices }, index) => {
      const given = this.#operands[index];
      if (given === undefined || choices === undefined || choices.includes(given)) return;
      throw this.#wrong(`${name} is one of ${choices.join(", ")}, not "${given}"${toHint(nearest(given, choices))}`);
    });
  }

  get #name(): string {
    return ["weft", ...this.#path].join(" ");
  }

  #wrong(state: string): UsageError {
    return new UsageError(`Cannot run "${this.#name}": ${state}`, this.#path.join(" "));
  }
}

/** `--name=value`, `--name`, `-Nvalue`, `-N`. */
function splitFlag(word: string): { readonly name: string; readonly inline: string | undefined } {
  if (!word.startsWith("--")) return { name: word.slice(0, 2), inline: word.length > 2 ? word.slice(2) : undefined };
  const equals = word.indexOf("=");
  if (equals < 0) return { name: word, inline: undefined };
  return { name: word.slice(0, equals), inline: word.slice(equals + 1) };
}

function takesOperands({ operands = [] }: CommandSpec): boolean {
  return operands.length > 0;
}

function toHint(guess: string | undefined): string {
  return guess === undefined ? "" : `; did you mean "${guess}"?`;
}

function toCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function toDuration(text: string): Promise<number | undefined> {
  const { parseDuration } = await import("../config/mod.ts");
  return parseDuration(text);
}
