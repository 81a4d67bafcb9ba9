/** The tree of commands. */

import type { CommandSpec } from "../command.ts";
import { careCommands } from "./care_commands.ts";
import { eventCommands } from "./event_commands.ts";
import { helpCommands } from "./help_commands.ts";
import { inspectCommands } from "./inspect_commands.ts";
import { meshCommands } from "./mesh_commands.ts";
import { runCommands } from "./run_commands.ts";
import { subscriptionCommand } from "./subscription_command.ts";

export const rootCommand: CommandSpec = {
  name: "weft",
  summary: "an event mesh: run nodes, publish, subscribe, and see where events go and why",
  about: "Every command has --help and --json. Data goes to standard output, everything else to standard error.\n" +
    "Exit codes: 0 well, 1 failed, 2 wrong command line, 3 not found, 4 not allowed, 5 node unreachable, 6 too late.",
  commands: [
    ...runCommands,
    ...eventCommands,
    subscriptionCommand,
    ...inspectCommands,
    ...meshCommands,
    ...careCommands,
    ...helpCommands,
  ],
};
