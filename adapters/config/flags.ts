/** Flags of `weft node` that set configuration, as a layer. */

import { ConfigError } from "./config_error.ts";
import { type ConfigTree, type Layer, mergeTrees, treeOf } from "./layer.ts";
import { nearest } from "./nearest.ts";
import { expandPorts } from "./ports_shorthand.ts";
import { readTextValue } from "./read_text_value.ts";
import { findSetting, settings } from "./settings.ts";

export interface ConfigFlag {
  /** Without the two hyphens. */
  readonly name: string;
  /** The setting; `undefined` for shorthands. */
  readonly path: string | undefined;
  readonly repeatable?: boolean;
  /** What stands for the value in help texts. */
  readonly value: string;
  readonly summary: string;
}

/** The flags, in the order in which help shows them. */
export const configFlags: readonly ConfigFlag[] = [
  {
    name: "config",
    path: undefined,
    value: "FILE",
    summary: "configuration file (default: weft.yaml, .yml, .toml or .json)",
  },
  { name: "id", path: "node.id", value: "NAME", summary: "name of this node" },
  { name: "cluster", path: "node.cluster", value: "NAME", summary: "cluster of this node (default: its id)" },
  { name: "data-dir", path: "dataDir", value: "DIR", summary: "folder of everything durable (default: .weft)" },
  { name: "host", path: "http.host", value: "ADDRESS", summary: "where the HTTP door listens (default: 127.0.0.1)" },
  { name: "port", path: "http.port", value: "PORT", summary: "port of the HTTP door (default: 7700; 0: a free one)" },
  { name: "nats-port", path: "nats.port", value: "PORT", summary: "port of the NATS endpoint (default: 7701)" },
  { name: "grpc-port", path: "grpc.port", value: "PORT", summary: "port of the gRPC door (default: 7702)" },
  {
    name: "ports",
    path: undefined,
    value: "N",
    summary: "all doors from port N on, data in .weft-N: a second node here",
  },
  { name: "store", path: "store.kind", value: "KIND", summary: "sqlite (default) or memory" },
  { name: "federation", path: "federation.name", value: "NAME", summary: "mesh to belong to (default: default)" },
  { name: "join", path: "federation.join", value: "URL", repeatable: true, summary: "node to join by (repeatable)" },
  {
    name: "registry",
    path: undefined,
    value: "KIND:URL",
    summary: "address book, such as consul:http://127.0.0.1:8500",
  },
  { name: "log-level", path: "log.level", value: "LEVEL", summary: "trace, debug, info (default), warning or error" },
  { name: "log-format", path: "log.format", value: "FORMAT", summary: "pretty or json" },
  { name: "set", path: undefined, value: "PATH=VALUE", repeatable: true, summary: "any other setting (repeatable)" },
];

/** Values by name of the flag, as the command line gave them. */
export type FlagValues = Readonly<Record<string, readonly string[]>>;

/** Throws `ConfigError` for a value that cannot be one. */
export function readFlags(given: FlagValues): Layer {
  const whereOf = new Map<string, string>();
  let values: ConfigTree = given.ports === undefined ? {} : expandPorts(given.ports.at(-1)!, "--ports");
  const set = (path: string, value: unknown, where: string) => {
    values = mergeTrees(values, treeOf(path, value));
    whereOf.set(path, where);
  };
  for (const { name, path, repeatable } of configFlags) {
    const texts = given[name];
    if (texts === undefined || path === undefined) continue;
    const { kind } = findSetting(path)!;
    set(
      path,
      repeatable ? texts.flatMap((text) => readTextValue(text, kind)) : readTextValue(texts.at(-1)!, kind),
      `--${name}`,
    );
  }
  if (given.registry !== undefined) setRegistry(given.registry.at(-1)!, set);
  for (const text of given.set ?? []) setAny(text, set);
  const locate = (path: string) => whereOf.get(path.replace(/\[.*$/, "")) ?? (given.ports && "--ports");
  return { source: "flags", values, locate };
}

type Set = (path: string, value: unknown, where: string) => void;

function setRegistry(text: string, set: Set): void {
  const [, kind, url] = /^([a-z]+)(?::(.+))?$/.exec(text) ?? [];
  if (kind === undefined) {
    const detail = `"${text}" must be KIND:URL, such as consul:http://127.0.0.1:8500`;
    throw new ConfigError([{ path: "federation.registry", where: "--registry", detail }]);
  }
  set("federation.registry.kind", kind, "--registry");
  if (url !== undefined) set("federation.registry.url", url, "--registry");
}

function setAny(text: string, set: Set): void {
  const [, path, value] = /^([\w.]+)=(.*)$/s.exec(text) ?? [];
  const setting = path === undefined ? undefined : findSetting(path);
  if (setting === undefined) {
    const known = nearest(path ?? text, settings.map((each) => each.path));
    const detail = path === undefined
      ? `"${text}" must be PATH=VALUE, such as limits.bodyBytes=1MiB`
      : `there is no setting "${path}"${known === undefined ? "" : `; did you mean "${known}"?`}`;
    throw new ConfigError([{ path: path ?? "", where: "--set", detail }]);
  }
  set(setting.path, readTextValue(value, setting.kind), `--set ${setting.path}`);
}
