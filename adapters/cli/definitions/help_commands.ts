/** Commands about the command itself. */

import type { CommandSpec } from "../command.ts";

export const helpCommands: readonly CommandSpec[] = [
  {
    name: "completion",
    group: "Help",
    summary: "print a script that teaches a shell to complete weft's words",
    operands: [{ name: "SHELL", choices: ["bash", "zsh", "fish"], summary: "bash, zsh or fish" }],
    examples: [
      { line: "source <(weft completion bash)", what: "in ~/.bashrc" },
      { line: "weft completion fish > ~/.config/fish/completions/weft.fish", what: "once" },
    ],
    load: async () => (await import("../commands/completion.ts")).printCompletion,
  },
  {
    name: "version",
    group: "Help",
    summary: "print the version",
    load: async () => (await import("../commands/version.ts")).printVersion,
  },
  {
    name: "help",
    group: "Help",
    summary: "show what there is, or what a command takes",
    operands: [{ name: "COMMAND", optional: true, variadic: true, summary: "such as subscription add" }],
    load: async () => (await import("../commands/help.ts")).showHelp,
  },
];
