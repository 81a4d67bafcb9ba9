/** Settings that are accepted and kept, but that this version does not act on. */

import { findLayer, isTree, type Layer } from "./layer.ts";

/** Beginnings of paths, each with what is not there yet. */
const withoutEffect: Readonly<Record<string, string>> = {
  "grpc": "the gRPC door",
  "store.url": "stores on a server",
  "federation.registry": "registries",
};

interface IneffectiveMember {
  /** Path of the list. */
  readonly list: readonly string[];
  readonly member: string;
  readonly missing: string;
}

/** Members of a list's items. */
const membersWithoutEffect: readonly IneffectiveMember[] = [
  { list: ["federation", "links"], member: "tags", missing: "constraints on routes" },
];

/** One warning for each such setting that somebody set. The port shorthand sets ports of doors to come: that is no news. */
export function warnOfIneffective(layers: readonly Layer[]): readonly string[] {
  const settings = Object.entries(withoutEffect).flatMap(([path, missing]) => warn(layers, path, { path, missing }));
  const members = membersWithoutEffect.flatMap(({ list, member, missing }) => {
    const path = list.join(".");
    const items = valueAt(findLayer(layers, path)?.values, list);
    const isSet = Array.isArray(items) && items.some((item) => isTree(item) && item[member] !== undefined);
    return isSet ? warn(layers, path, { path: `${path}[].${member}`, missing }) : [];
  });
  return [...settings, ...members];
}

function warn(
  layers: readonly Layer[],
  path: string,
  { path: shown, missing }: { readonly path: string; readonly missing: string },
): readonly string[] {
  const layer = findLayer(layers, path);
  const where = layer?.locate(path) ?? layer?.source;
  if (layer === undefined || where === "--ports" || where === "WEFT_PORTS") return [];
  return [`${shown} (${where}) has no effect yet: this version is without ${missing}`];
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, key) => isTree(inner) ? inner[key] : undefined, values);
}
