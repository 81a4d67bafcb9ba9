/** Commands that look after a node. */

import type { CommandSpec } from "../command.ts";
import { configFlagSpecs } from "./config_flags.ts";

export const careCommands: readonly CommandSpec[] = [
  {
    name: "doctor",
    group: "Look after",
    summary: "check what a node needs, here and over its API: runtime, configuration, disk, lock, readiness, clock",
    client: true,
    moreFlags: configFlagSpecs,
    load: async () => (await import("../commands/doctor.ts")).examine,
  },
  {
    name: "backup",
    group: "Look after",
    summary: "copy the store of a data directory into a file, also while the node runs",
    about: "The copy is the store as it was at one moment. It is there whole or not at all.",
    operands: [{ name: "FILE", summary: "to write; must not be there yet" }],
    moreFlags: configFlagSpecs,
    examples: [{ line: "weft backup weft-$(date +%F).db --data-dir .weft", what: "every night" }],
    load: async () => (await import("../commands/backup.ts")).backUp,
  },
  {
    name: "restore",
    group: "Look after",
    summary: "make the store of a data directory out of a backup",
    about: "The directory must hold no store, and no node may be using it.\n" +
      "What was published after the backup may be delivered again; the node says so when it starts.",
    operands: [{ name: "FILE", summary: "that `weft backup` wrote" }],
    moreFlags: configFlagSpecs,
    load: async () => (await import("../commands/restore.ts")).restore,
  },
];
