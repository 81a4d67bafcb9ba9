/** Environment variables as a layer. */

import { ConfigError, type ConfigProblem } from "./config_error.ts";
import { type Layer, mergeTrees, treeOf } from "./layer.ts";
import { nearest } from "./nearest.ts";
import { expandPorts } from "./ports_shorthand.ts";
import { readTextValue } from "./read_text_value.ts";
import { environmentName, settings } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables with a meaning of their own: the file, the shorthand, and what the client side of the CLI reads. */
const otherNames = ["WEFT_CONFIG", "WEFT_PORTS", "WEFT_URL", "WEFT_TOKEN", "WEFT_CA"];

const settingByName = new Map(settings.map((setting) => [environmentName(setting.path), setting]));

export interface EnvironmentLayer extends Layer {
  /**
   * Names without `__` that mean nothing here. They warn instead of failing: a cluster manager sets names such as `WEFT_PORT`
   * and `WEFT_SERVICE_HOST` by itself when a service is called weft (Kubernetes "service links").
   */
  readonly warnings: readonly string[];
}

/** Throws `ConfigError` for a shorthand that is no port, and for names with `__` that are no setting. */
export function readEnvironment(environment: Environment): EnvironmentLayer {
  // An empty variable counts as not set, as everywhere with `VAR= command`.
  const given = Object.entries(environment).filter(([name, value]) => name.startsWith("WEFT_") && value !== "") as [
    string,
    string,
  ][];
  const ports = environment.WEFT_PORTS;
  let values = ports === undefined || ports === "" ? {} : expandPorts(ports, "WEFT_PORTS");
  const warnings: string[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, text] of given) {
    const setting = settingByName.get(name);
    if (setting !== undefined) values = mergeTrees(values, treeOf(setting.path, readTextValue(text, setting.kind)));
    else if (name.includes("__")) problems.push({ path: name, where: name, detail: describeUnknown(name) });
    else if (!otherNames.includes(name)) warnings.push(describeUnknown(name));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const locate = (path: string) => locateIn(environment, path);
  return { source: "environment", values, locate, warnings };
}

function locateIn(environment: Environment, path: string): string | undefined {
  const base = path.replace(/\[.*$/, "");
  // A problem inside of a list is found by the name of the list.
  const levels = base.split(".");
  for (let depth = levels.length; depth > 0; depth--) {
    const name = environmentName(levels.slice(0, depth).join("."));
    if (environment[name] !== undefined) return name;
  }
  return environment.WEFT_PORTS === undefined ? undefined : "WEFT_PORTS";
}

function describeUnknown(name: string): string {
  const known = nearest(name, settingByName.keys());
  return `The environment variable ${name} means nothing here${known === undefined ? "" : `; did you mean ${known}?`}`;
}
