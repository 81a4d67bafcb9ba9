/** `--ports N`: one flag for a second node on the same machine. */

import { ConfigError } from "./config_error.ts";
import type { ConfigTree } from "./layer.ts";

/** The doors on consecutive ports, in this order. */
const doors = ["http", "nats", "grpc"] as const;

/** Ports N, N+1, N+2; 0 means a free port for each. Throws `ConfigError` when N is no port that has two above it. */
export function expandPorts(text: string, where: string): ConfigTree {
  const first = Number(text);
  const last = first + doors.length - 1;
  if (!/^\d+$/.test(text.trim()) || last > 65_535) {
    const detail = `"${text}" must be a port from 1 to ${65_535 - doors.length + 1}, or 0 for free ports`;
    throw new ConfigError([{ path: "http.port", where, detail }]);
  }
  return Object.fromEntries(doors.map((door, index) => [door, { port: first === 0 ? 0 : first + index }]));
}

/** The data directory that goes with the shorthand, so that two nodes never share one; `undefined` for free ports. */
export function dataDirOfPorts(text: string): string | undefined {
  return Number(text) === 0 ? undefined : `.weft-${Number(text)}`;
}
