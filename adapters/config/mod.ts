/**
 * The configuration of a node: defaults, file, environment and flags become one `ResolvedConfig`, in which every value
 * knows who set it. Start at `config_schema.ts` for the settings, at `load_config.ts` for the way.
 *
 * @module
 */

export { ConfigError, type ConfigProblem } from "./config_error.ts";
export { configJsonSchema } from "./config_json_schema.ts";
export { type Config, ConfigSchema } from "./config_schema.ts";
export { type ConfigFlag, configFlags, type FlagValues } from "./flags.ts";
export { checkSettings, loadConfig, type LoadedConfig, type LoadOptions, validateConfigFile } from "./load_config.ts";
export { nearest } from "./nearest.ts";
export { type ResolvedConfig } from "./resolved_config.ts";
export { environmentName, type Setting, settings } from "./settings.ts";
export { showConfig, type ShownSetting } from "./show_config.ts";
export { parseByteSize, parseDuration } from "./value_types.ts";
