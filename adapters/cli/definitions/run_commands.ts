/** Commands that run a node, or tell what it would run with. */

import type { CommandSpec } from "../command.ts";
import { configFlagSpecs } from "./config_flags.ts";

export const runCommands: readonly CommandSpec[] = [
  {
    name: "node",
    group: "Run",
    summary: "run a node here",
    about: "Settings come from defaults, a file, the environment (WEFT_HTTP__PORT) and flags, the later ones win.\n" +
      "SIGTERM and Ctrl-C let work under way finish; a second Ctrl-C ends the node at once.",
    moreFlags: configFlagSpecs,
    examples: [
      { line: "weft node", what: "HTTP on 127.0.0.1:7700, data in .weft" },
      { line: "weft node --ports 7800 --join nats://127.0.0.1:7701", what: "a second node, linked with the first" },
      { line: "weft node --set limits.eventBytes=2MiB", what: "any setting" },
    ],
    load: async () => (await import("../commands/node.ts")).runNode,
  },
  {
    name: "config",
    group: "Run",
    summary: "show and check the configuration",
    defaultCommand: "show",
    commands: [
      {
        name: "show",
        summary: "what a node would run with, and who said so; secrets are masked",
        moreFlags: configFlagSpecs,
        load: async () => (await import("../commands/config.ts")).showEffective,
      },
      {
        name: "validate",
        elsewhere: ["check", "test", "lint"],
        summary: "check a file by itself",
        operands: [{ name: "FILE", optional: true, summary: "a configuration in YAML, TOML or JSON" }],
        flags: [{ name: "config", kind: "text", value: "FILE", summary: "the same" }],
        load: async () => (await import("../commands/config.ts")).validateFile,
      },
      {
        name: "schema",
        summary: "print the JSON Schema of the file, for editors",
        load: async () => (await import("../commands/config.ts")).printSchema,
      },
    ],
  },
];
