/** The layer that a configuration file becomes, whatever its format. */

import { ConfigError } from "./config_error.ts";
import { type ConfigTree, isTree, type Layer } from "./layer.ts";

/** What a parser gave, as a layer; throws `ConfigError` for anything but settings. */
export function toLayer(values: unknown, name: string, locate: (path: string) => string | undefined): Layer {
  // An empty file is a configuration that sets nothing.
  if (values === null || values === undefined) return { source: name, values: {}, locate };
  if (!isTree(values)) {
    const detail = "must hold settings such as `http: { port: 7700 }`, not a list or a single value";
    throw new ConfigError([{ path: "", where: name, detail }]);
  }
  return { source: name, values: values as ConfigTree, locate };
}
