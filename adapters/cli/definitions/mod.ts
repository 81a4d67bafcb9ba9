/**
 * What commands there are, and what they take: data only, for parsing, help and completion. The code is in `commands/`.
 *
 * @module
 */

export { rootCommand } from "./root_command.ts";
