/** Settings that are accepted and kept, but that this version does not act on. */

import { findLayer, type Layer } from "./layer.ts";

/** Beginnings of paths, each with what is not there yet. */
const withoutEffect: Readonly<Record<string, string>> = {
  "grpc": "the gRPC door",
  "store.url": "stores on a server",
  "federation.registry": "registries",
};

/** One warning for each such setting that somebody set. The port shorthand sets ports of doors to come: that is no news. */
export function warnOfIneffective(layers: readonly Layer[]): readonly string[] {
  return Object.entries(withoutEffect).flatMap(([path, missing]) => warn(layers, path, missing));
}

function warn(layers: readonly Layer[], path: string, missing: string): readonly string[] {
  const layer = findLayer(layers, path);
  const where = layer?.locate(path) ?? layer?.source;
  if (layer === undefined || where === "--ports" || where === "WEFT_PORTS") return [];
  return [`${path} (${where}) has no effect yet: this version is without ${missing}`];
}
